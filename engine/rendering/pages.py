"""The bodies of template files as Jinja gets them: MJML is HTML by then, and CSS is in the tags."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from jinja2.exceptions import TemplateSyntaxError

from dsl.messages import say
from engine.rendering.front_matter import FrontMatter, read_front_matter
from engine.rendering.inlining import TooLargeToInline, inlined, stylesheets
from engine.rendering.mjml.compiling import CompiledMjml, compile_mjml
from engine.rendering.sources import MAX_COMPILED, PAGES, Sources, referenced

_EXTENDS = re.compile(r"\{%[-+]?\s*extends\s+(?:\"([^\"]+)\"|'([^']+)')")
_MOST_LAYOUTS = 10


@dataclass(slots=True)
class Pages:
    """Of one set of sources; each is made once, when it is first asked for."""

    sources: Sources
    _front_matter: dict[str, FrontMatter] = field(default_factory=dict)
    _mjml: dict[str, CompiledMjml] = field(default_factory=dict)
    _bodies: dict[str, str] = field(default_factory=dict)

    def front_matter(self, path: str) -> FrontMatter:
        if path not in self._front_matter:
            self._front_matter[path] = read_front_matter(path, self.sources[path])
        return self._front_matter[path]

    def mjml(self, path: str) -> CompiledMjml:
        if path not in self._mjml:
            self._mjml[path] = compile_mjml(path, self.sources)
        return self._mjml[path]

    def of(self, path: str) -> str:
        """Raises TemplateSyntaxError when it is MJML that cannot be compiled."""
        if path not in self._bodies:
            self._bodies[path] = self._body(path)
        return self._bodies[path]

    def _body(self, path: str) -> str:
        if path.endswith(".mjml"):
            html, css = self._compiled(path), self.mjml(path).inline_css
            # MJML writes its own styles into the tags; what is in <mj-style> is for those who can read it.
            return _attempt(html, css, own=False)
        body = self.front_matter(path).body
        if not path.endswith(PAGES) or not self._is_inlined(path):
            return body
        return _attempt(body, "\n".join(self._layout_css(path)), own=True)

    def _compiled(self, path: str) -> str:
        compiled = self.mjml(path)
        if compiled.html is None:
            problem = compiled.problems[0]
            raise TemplateSyntaxError(problem.message, problem.line, path)
        if len(compiled.html) > MAX_COMPILED:
            raise TemplateSyntaxError(say("the file is longer than {size} KiB", size=MAX_COMPILED // 1024), 1, path)
        return compiled.html

    def _is_inlined(self, path: str) -> bool:
        said = [self.front_matter(each).values.get("inline", "yes").lower() for each in (path, *self._layouts(path))]
        return "no" not in said

    def _layout_css(self, path: str) -> list[str]:
        """Of the files it extends, the outermost first."""
        return [stylesheets(self.front_matter(each).body) for each in reversed(self._layouts(path))]

    def _layouts(self, path: str) -> list[str]:
        found: list[str] = []
        while len(found) < _MOST_LAYOUTS and (match := _EXTENDS.search(self.front_matter(path).body)):
            path = referenced(match[1] or match[2], path)
            if path not in self.sources or path in found:
                break
            found.append(path)
        return found


def _attempt(html: str, css: str, *, own: bool) -> str:
    try:
        return inlined(html, css, own=own)
    except TooLargeToInline:
        return html
