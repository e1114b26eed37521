"""An MJML file with its parts put in. Each line knows the file and line it came from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dsl.messages import say
from engine.rendering.front_matter import read_front_matter
from engine.rendering.problems import TemplateProblem, did_you_mean, workspace_path
from engine.rendering.sources import MAX_SOURCE, Sources, referenced

MAX_EXPANDED = 4 * MAX_SOURCE  # code points, all parts included
MAX_PARTS = 100
MAX_DEPTH = 10

_INCLUDE = re.compile(r"<!--.*?-->|<mj-include\b([^>]*?)/?>(?:\s*</mj-include\s*>)?", re.DOTALL)
_PATH = re.compile(r"\bpath\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_COMMENT = "<!--"


@dataclass(slots=True)
class Expanded:
    """`text` ends every part with a line break of its own, so that no line belongs to two files."""

    text: str = ""
    origins: list[tuple[str, int]] = field(default_factory=list)  # of each line: file, line
    problems: list[TemplateProblem] = field(default_factory=list)

    def origin(self, line: int) -> tuple[str, int]:
        return self.origins[min(max(line, 1), len(self.origins)) - 1]

    def problem(self, line: int, message: str, help: str | None = None) -> TemplateProblem:
        file, at = self.origin(line)
        return TemplateProblem(kind="mjml", file=workspace_path(file), line=at, message=message, help=help)


def expand(path: str, sources: Sources) -> Expanded:
    expander = _Expander(sources)
    expander.add(path, ())
    expander.expanded.text = "\n".join(expander.lines)
    return expander.expanded


@dataclass(slots=True)
class _Expander:
    sources: Sources
    expanded: Expanded = field(default_factory=Expanded)
    lines: list[str] = field(default_factory=list)
    size: int = 0
    parts: int = 0

    def add(self, path: str, open_files: tuple[str, ...]) -> None:
        body, at = read_front_matter(path, self.sources[path]).body, 0
        for match in _INCLUDE.finditer(body):
            if match[0].startswith(_COMMENT):
                continue
            self._write(path, body, at, match.start())
            self._include(path, body.count("\n", 0, match.start()) + 1, match[1], open_files)
            at = match.end()
        self._write(path, body, at, len(body))

    def _write(self, path: str, body: str, start: int, end: int) -> None:
        first = body.count("\n", 0, start) + 1
        for number, line in enumerate(body[start:end].split("\n"), first):
            self.lines.append(line)
            self.expanded.origins.append((path, number))
        self.size += end - start

    def _include(self, path: str, line: int, attributes: str, open_files: tuple[str, ...]) -> None:
        named = _PATH.search(attributes)
        name = (named[1] or named[2] or "") if named else ""
        target = referenced(name.removeprefix("./"), path)
        refusal = self._refusal(name, target, (*open_files, path))
        if refusal is None:
            self.parts += 1
            self.add(target, (*open_files, path))
            return
        message, help = refusal
        problem = TemplateProblem(kind="mjml", file=workspace_path(path), line=line, message=message, help=help)
        self.expanded.problems.append(problem)

    def _refusal(self, name: str, target: str, open_files: tuple[str, ...]) -> tuple[str, str | None] | None:
        if not name:
            return say("`<mj-include>` does not say which file"), 'path="partials/footer.mjml"'
        if target not in self.sources:
            known = [each.partition("/")[2] for each in self.sources if each.endswith(".mjml")]
            return say("there is no file {path}", path=workspace_path(target)), did_you_mean(name, known)
        if not target.endswith(".mjml"):
            return say("`<mj-include>` takes MJML files"), say(
                'HTML goes into <mj-raw>: {{% include "{name}" %}}', name=name
            )
        if target in open_files:
            return say("this file includes itself"), None
        if (
            len(open_files) > MAX_DEPTH
            or self.parts >= MAX_PARTS
            or self.size + len(self.sources[target]) > MAX_EXPANDED
        ):
            return say("too many files are included, or too large ones"), None
        return None
