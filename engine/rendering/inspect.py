"""What the checks ask about a template: the variables it reads, and everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.parser import Parser

from dsl.catalog import TemplateInfo, TemplateUse
from engine.rendering.budget import Budget, BudgetExceeded, spending
from engine.rendering.environment import BudgetedEnvironment
from engine.rendering.problems import TemplateProblem, did_you_mean, workspace_path
from engine.rendering.sources import MAX_SOURCE, SHARED, Sources, main_files, referenced, template_names, text_sibling
from engine.rendering.uses import UseCollector

#: Front matter whose text is a template itself.
RENDERED_KEYS = ("subject", "preheader", "from", "reply_to")

_TAGS = (
    *("extends", "include", "import", "from", "block", "endblock", "if", "elif", "else", "endif", "for", "endfor"),
    *("set", "endset", "macro", "endmacro", "call", "endcall", "filter", "endfilter", "with", "endwith", "raw"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """Of one template, all its language variants and its text included."""

    info: TemplateInfo
    problems: tuple[TemplateProblem, ...] = ()


def inspect_templates(sources: Sources) -> list[Inspection]:
    """Every template of a workspace, in the order of their names."""
    environment = BudgetedEnvironment(sources)
    return [_inspect(channel, name, environment) for channel, name in template_names(sources)]


def template_uses(channel: str, name: str, sources: Sources) -> Inspection:
    """One template. A name without files gives an empty answer."""
    return _inspect(channel, name, BudgetedEnvironment(sources))


def _inspect(channel: str, name: str, environment: BudgetedEnvironment) -> Inspection:
    files = main_files(channel, name, environment.sources)
    reader = _Reader(environment)
    with spending(Budget(ends_at=float("inf"))):
        for locale, path in sorted(files.items(), key=lambda item: item[0] or ""):
            reader.read_variant(path, is_base=locale is None or None not in files)
    base = files.get(None) or next(iter(files.values()), f"{channel}/{name}.html")
    topic = environment.front_matter(base).values.get("topic") if base in environment.sources else None
    info = TemplateInfo(
        channel=channel, name=name, path=workspace_path(base), uses=tuple(reader.uses(base)), topic=topic or None
    )
    return Inspection(info=info, problems=tuple(dict.fromkeys(reader.problems)))


@dataclass(slots=True)
class _Reader:
    environment: BudgetedEnvironment
    found: list[tuple[str, TemplateUse]] = field(default_factory=list)
    problems: list[TemplateProblem] = field(default_factory=list)
    trees: dict[str, nodes.Template | None] = field(default_factory=dict)

    def read_variant(self, path: str, *, is_base: bool) -> None:
        head = self.environment.front_matter(path)
        self.problems.extend(head.problems)
        if is_base and not head.values.get("subject") and not head.problems:
            help = "begin the file with the lines `---`, `subject: Your words`, `---`"
            self._problem("front_matter", path, 1, "the mail has no subject", help)
        for key in RENDERED_KEYS:
            if key in head.values:
                self._walk(f"{path}#{key}", line=head.lines[key])
        self._walk(path)
        text = text_sibling(path, self.environment.sources)
        if text:
            self._walk(text)

    def uses(self, base: str) -> Iterator[TemplateUse]:
        """Each variable once for each place, with the file when it is not the template's own."""
        seen = set()
        for file, use in self.found:
            path = file.partition("#")[0]
            located = use if path == base else replace(use, file=workspace_path(path))
            if located not in seen:
                seen.add(located)
                yield located

    def _walk(self, name: str, line: int = 1) -> None:
        tree = self._tree(name, line)
        if tree is None:
            return
        collector = UseCollector(find=self._find, file=name)
        try:
            collector.template(tree, {})
        except RecursionError:
            self._problem("too_large", name, line, "the template is nested too deep")
        for file, use in collector.uses:
            self.found.append((file, replace(use, line=line + use.line - 1) if "#" in file else use))

    def _find(self, template: nodes.Expr, referrer: str) -> tuple[str, nodes.Template] | None:
        if not isinstance(template, nodes.Const) or not isinstance(template.value, str):
            self._problem("not_allowed", referrer, template.lineno, "the name of a file is written in quotes")
            return None
        path = referenced(template.value, referrer)
        if path not in self.environment.sources:
            known = [each.partition("/")[2] for each in self.environment.sources]
            shared = [each for each in known if each.startswith(SHARED)]
            help = did_you_mean(template.value, known) or (
                "there are " + ", ".join(f"`{each}`" for each in sorted(shared)[:8]) if shared else None
            )
            message = f"there is no file {workspace_path(path)}"
            self._problem("missing_file", referrer, template.lineno, message, help)
            return None
        tree = self._tree(path)
        return (path, tree) if tree is not None else None

    def _tree(self, name: str, line: int = 1) -> nodes.Template | None:
        if name not in self.trees:
            self.trees[name] = self._parsed(name, line)
        return self.trees[name]

    def _parsed(self, name: str, line: int) -> nodes.Template | None:
        if len(self.environment.sources[name.partition("#")[0]]) > MAX_SOURCE:
            self._problem("too_large", name, 1, f"the file is longer than {MAX_SOURCE // 1024} KiB")
            return None
        before = len(self.problems)
        try:
            source = self.environment.loader.get_source(self.environment, name)[0]  # type: ignore[union-attr]
            tree = Parser(self.environment, source, name, name).parse()
            self._check_names(tree, name, line)
            if len(self.problems) == before:
                self.environment.compile(source, name, name)
        except TemplateSyntaxError as error:
            message, help = plain_words(error.message or "")
            self._problem("syntax", name, line + error.lineno - 1, message, help)
            return None
        except (RecursionError, MemoryError, SyntaxError, BudgetExceeded):
            self._problem("too_large", name, line, "the template is nested too deep, or costs too much")
            return None
        # Compiling changes the tree, so it is read again.
        return Parser(self.environment, source, name, name).parse()

    def _check_names(self, tree: nodes.Template, name: str, line: int) -> None:
        for used in tree.find_all((nodes.Filter, nodes.Test)):
            word = "filter" if isinstance(used, nodes.Filter) else "test"
            names = self.environment.filters if word == "filter" else self.environment.tests
            if used.name not in names:
                message = f"there is no {word} `{used.name}`"
                self._problem(f"unknown_{word}", name, line + used.lineno - 1, message, did_you_mean(used.name, names))

    def _problem(self, kind: str, name: str, line: int, message: str, help: str | None = None) -> None:
        file = workspace_path(name.partition("#")[0])
        self.problems.append(
            TemplateProblem(kind=kind, file=file, line=line, message=message, help=help)  # type: ignore[arg-type]
        )


def plain_words(message: str) -> tuple[str, str | None]:
    """Jinja's own words for a mistake, for people who do not know its insides: a message and a help."""
    for pattern, said, help in _WORDINGS:
        match = re.search(pattern, message)
        if match:
            advice = match.expand(help) if help else None
            if "unknown tag" in said:
                advice = did_you_mean(match[1], _TAGS) or advice
            return match.expand(said), advice
    return message[:1].lower() + message[1:].rstrip("."), None


#: What Jinja says, what we say, and the edit to make. The first that fits is taken.
_WORDINGS: tuple[tuple[str, str, str | None], ...] = (
    (
        r"Unexpected end of template.*innermost block that needs to be closed is '(\w+)'",
        r"`{% \1 %}` is never closed",
        r"add `{% end\1 %}`",
    ),
    (
        r"Encountered unknown tag '(end\w+)'.*innermost block that needs to be closed is '(\w+)'",
        r"`{% \1 %}` does not fit here: `{% \2 %}` is still open",
        r"close it first with `{% end\2 %}`",
    ),
    (r"Encountered unknown tag '(\w+)'", r"unknown tag `\1`", "see the list of tags in docs/templates.md"),
    (r"unexpected '}', expected ':'|unexpected '}'", "a `}` is in the wrong place", "write `{{ name }}`"),
    (r"unexpected char '(.)'", r"the character `\1` cannot stand here", "texts go in straight quotes"),
    (r"expected token 'end of print statement', got '(.*)'", r"`\1` is unexpected here", "close with `}}` first"),
    (r"expected token 'end of statement block', got '(.*)'", r"`\1` is unexpected here", "close with `%}` first"),
    (r"expected token '(.*)', got '(.*)'", r"`\2` stands where `\1` is expected", None),
    (r"[Uu]nexpected end of template", "the file ends too early", "close the last `{{` or `{%`"),
    (r"Missing end of comment tag", "a comment is never closed", "close it with `#}`"),
    (r"Missing end of raw directive", "`{% raw %}` is never closed", "add `{% endraw %}`"),
    (r"Expected an expression, got '(.*)'", "something is missing here", "write a name, like `{{ customer.name }}`"),
    (r"block '(\w+)' defined twice", r"the block `\1` is defined twice", "give one of them another name"),
)
