"""What the checks ask about a template: the variables it reads, and everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import TypeAlias

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.parser import Parser

from dsl.catalog import TemplateInfo, TemplateUse
from dsl.messages import Message, say
from engine.rendering.budget import MAX_OUTPUT, Budget, BudgetExceeded, spending
from engine.rendering.environment import BudgetedEnvironment
from engine.rendering.front_matter import button_keys
from engine.rendering.lints import lint_page
from engine.rendering.problems import ProblemKind, TemplateProblem, did_you_mean, workspace_path
from engine.rendering.sources import (
    MAX_SOURCE,
    PAGES,
    SHARED,
    Sources,
    html_twin,
    main_files,
    referenced,
    refusal,
    template_names,
    text_sibling,
)
from engine.rendering.uses import UseCollector

#: Front matter whose text is a template itself.
RENDERED_KEYS = ("subject", "preheader", "from", "reply_to", "title", "link", "image")

#: Front matter that a template of a channel cannot do without.
_NEEDED = {"email": "subject", "push": "title", "inapp": "title"}

#: Texts that are remembered: an editor checks a whole workspace again when one of them has changed.
_KEPT = 256

#: Filters, tests and all else that parsing asks for are the same for all sources.
_LANGUAGE = BudgetedEnvironment({})

_TAGS = (
    *("extends", "include", "import", "from", "block", "endblock", "if", "elif", "else", "endif", "for", "endfor"),
    *("set", "endset", "macro", "endmacro", "call", "endcall", "filter", "endfilter", "with", "endwith", "raw"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """Of one template, all its language variants and its text included."""

    info: TemplateInfo
    problems: tuple[TemplateProblem, ...] = ()
    warnings: tuple[TemplateProblem, ...] = ()  # allowed, and probably not meant
    size: int = 0  # code points of its largest variant before anything is put in; a range may make it any size


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
        channel=channel,
        name=name,
        path=workspace_path(base),
        uses=tuple(reader.uses(base)),
        topic=topic or None,
        locales=tuple(sorted(locale for locale in files if locale)),
        lets_unsubscribe=channel != "email" or reader.lets_unsubscribe,
    )
    return Inspection(
        info=info,
        problems=tuple(dict.fromkeys(reader.problems)),
        warnings=tuple(dict.fromkeys(reader.warnings())),
        size=max(reader.sizes, default=0),
    )


@dataclass(slots=True)
class _Reader:
    environment: BudgetedEnvironment
    found: list[tuple[str, TemplateUse]] = field(default_factory=list)
    problems: list[TemplateProblem] = field(default_factory=list)
    trees: dict[str, nodes.Template | None] = field(default_factory=dict)
    sizes: list[int] = field(default_factory=list)

    def read_variant(self, path: str, *, is_base: bool) -> None:
        head = self.environment.front_matter(path)
        self.problems.extend(head.problems)
        channel = path.partition("/")[0]
        needed = _NEEDED.get(channel)
        if is_base and needed and not head.values.get(needed) and not head.problems:
            help = say("begin the file with the lines `---`, `{key}: Your words`, `---`", key=needed)
            what = say("the mail has no subject") if needed == "subject" else say("it has no title")
            self._problem("front_matter", path, 1, what, help)
        if channel != "email" and path.endswith(PAGES):
            other = workspace_path(path.rpartition(".")[0] + ".txt")
            self._problem("not_allowed", path, 1, say("{channel} has no pages", channel=channel), other)
            return
        if twin := html_twin(path, self.environment.sources):
            message = say("this template is written twice, also in {path}", path=workspace_path(twin))
            self._problem("two_files", path, 1, message, say("delete one of the two"))
        rendered = [*RENDERED_KEYS, *(key for keys in button_keys(head.values) for key in keys)]
        for key in rendered:
            if key in head.values:
                self._walk(f"{path}#{key}", line=head.lines[key])
        self._walk(path)
        if path.endswith(PAGES) and not self.problems:
            pages = [self._page(each) for each in self.trees if each.endswith(PAGES)]
            self.sizes.append(MAX_OUTPUT if any("range(" in each for each in pages) else sum(map(len, pages)))
        text = text_sibling(path, self.environment.sources)
        if text:
            self._walk(text)

    def warnings(self) -> Iterator[TemplateProblem]:
        """Of all the files that were read."""
        for name, tree in self.trees.items():
            if tree is not None and name.endswith(PAGES):
                yield from lint_page(self._written(name), partial(self._origin, name))

    @property
    def lets_unsubscribe(self) -> bool:
        return any(use.path == ("unsubscribe_url",) for _, use in self.found)

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
            self._problem("too_large", name, line, say("the template is nested too deep"))
        for file, use in collector.uses:
            if "#" in file:
                self.found.append((file, replace(use, line=line + use.line - 1)))
            else:
                origin, at = self._origin(file, use.line)
                self.found.append((origin, replace(use, line=at)))

    def _origin(self, name: str, line: int) -> tuple[str, int]:
        """The file and line of the author: those of MJML count its parts in."""
        return self.environment.pages.mjml(name).expanded.origin(line) if name.endswith(".mjml") else (name, line)

    def _find(self, template: nodes.Expr, referrer: str) -> tuple[str, nodes.Template] | None:
        if not isinstance(template, nodes.Const) or not isinstance(template.value, str):
            self._problem("not_allowed", referrer, template.lineno, say("the name of a file is written in quotes"))
            return None
        path = referenced(template.value, referrer)
        if path not in self.environment.sources:
            known = [each.partition("/")[2] for each in self.environment.sources]
            shared = [each for each in known if each.startswith(SHARED)]
            help = did_you_mean(template.value, known) or (
                say("there are {files}", files=", ".join(f"`{each}`" for each in sorted(shared)[:8]))
                if shared
                else None
            )
            message = say("there is no file {path}", path=workspace_path(path))
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
            self._problem("too_large", name, 1, say("the file is longer than {size} KiB", size=MAX_SOURCE // 1024))
            return None
        before = len(self.problems)
        try:
            tree = _tree_of(name, self._source(name))
            self._check_names(tree, name, line)
            if len(self.problems) == before:
                _try_to_compile(name, self._page(name))
        except TemplateSyntaxError as error:
            del self.problems[before:]  # an expression without an end swallows tags of MJML
            message, help = plain_words(error.message or "")
            self._problem("syntax", name, line + error.lineno - 1, message, help)
            return None
        except (RecursionError, MemoryError, SyntaxError, BudgetExceeded):
            self._problem("too_large", name, line, say("the template is nested too deep, or costs too much"))
            return None
        return tree

    def _source(self, name: str) -> str:
        """What its author wrote: MJML before it is HTML, so that lines are lines of files."""
        if name.endswith(".mjml"):
            mjml = self.environment.pages.mjml(name)
            self.problems.extend(mjml.problems)
            if refused := refusal(mjml.expanded.text):
                raise TemplateSyntaxError(refused[1], refused[0], name)
            return mjml.expanded.text
        return self._page(name)

    def _written(self, name: str) -> str:
        pages = self.environment.pages
        return pages.mjml(name).expanded.text if name.endswith(".mjml") else pages.front_matter(name).body

    def _page(self, name: str) -> str:
        return self.environment.loader.get_source(self.environment, name)[0]  # type: ignore[union-attr]

    def _check_names(self, tree: nodes.Template, name: str, line: int) -> None:
        for used in tree.find_all((nodes.Filter, nodes.Test)):
            is_filter = isinstance(used, nodes.Filter)
            names = self.environment.filters if is_filter else self.environment.tests
            if used.name in names:
                continue
            at, help = line + used.lineno - 1, did_you_mean(used.name, names)
            if is_filter:
                self._problem("unknown_filter", name, at, say("there is no filter `{name}`", name=used.name), help)
            else:
                self._problem("unknown_test", name, at, say("there is no test `{name}`", name=used.name), help)

    def _problem(self, kind: ProblemKind, name: str, line: int, message: str, help: str | None = None) -> None:
        origin, at = self._origin(name, line)
        file = workspace_path(origin.partition("#")[0])
        self.problems.append(TemplateProblem(kind=kind, file=file, line=at, message=message, help=help))


@lru_cache(_KEPT)
def _tree_of(name: str, source: str) -> nodes.Template:
    """Nobody may change it: layouts and partials are read by many templates. Its mistakes are raised each time."""
    return Parser(_LANGUAGE, source, name, name).parse()


@lru_cache(_KEPT)
def _try_to_compile(name: str, page: str) -> None:
    with spending(Budget(ends_at=float("inf"))):  # what others have spent before must not decide
        _LANGUAGE.compile(page, name, name)


def plain_words(message: str) -> tuple[str, str | None]:
    """Jinja's own words for a mistake, for people who do not know its insides: a message and a help."""
    if isinstance(message, Message):  # ours already
        return message, None
    for pattern, wording in _WORDINGS:
        match = re.search(pattern, message)
        if match:
            return wording(*match.groups())
    return message[:1].lower() + message[1:].rstrip("."), None


Said: TypeAlias = tuple[str, str | None]


def _never_closed(tag: str) -> Said:
    return say("`{{% {tag} %}}` is never closed", tag=tag), say("add `{{% end{tag} %}}`", tag=tag)


def _still_open(end: str, inner: str) -> Said:
    message = say("`{{% {end} %}}` does not fit here: `{{% {inner} %}}` is still open", end=end, inner=inner)
    return message, say("close it first with `{{% end{inner} %}}`", inner=inner)


def _unknown_tag(tag: str) -> Said:
    help = did_you_mean(tag, _TAGS) or say("see the list of tags in docs/templates.md")
    return say("unknown tag `{tag}`", tag=tag), help


def _stray_brace() -> Said:
    return say("a `}}` is in the wrong place"), say("write `{{{{ name }}}}`")


def _stray_character(character: str) -> Said:
    return say("the character `{character}` cannot stand here", character=character), say("texts go in straight quotes")


def _open_print(word: str) -> Said:
    return say("`{word}` is unexpected here", word=word), say("close with `}}}}` first")


def _open_statement(word: str) -> Said:
    return say("`{word}` is unexpected here", word=word), say("close with `%}}` first")


def _other_word(expected: str, word: str) -> Said:
    return say("`{word}` stands where `{expected}` is expected", word=word, expected=expected), None


def _ends_early() -> Said:
    return say("the file ends too early"), say("close the last `{{{{` or `{{%`")


def _open_comment() -> Said:
    return say("a comment is never closed"), say("close it with `#}}`")


def _open_raw() -> Said:
    return say("`{{% raw %}}` is never closed"), say("add `{{% endraw %}}`")


def _nothing_here(word: str) -> Said:
    return say("something is missing here"), say("write a name, like `{{{{ customer.name }}}}`")


def _two_blocks(name: str) -> Said:
    return say("the block `{name}` is defined twice", name=name), say("give one of them another name")


#: What Jinja says, and what we say. The first that fits is taken.
_WORDINGS: tuple[tuple[str, Callable[..., Said]], ...] = (
    (r"Unexpected end of template.*innermost block that needs to be closed is '(\w+)'", _never_closed),
    (r"Encountered unknown tag '(end\w+)'.*innermost block that needs to be closed is '(\w+)'", _still_open),
    (r"Encountered unknown tag '(\w+)'", _unknown_tag),
    (r"unexpected '}', expected ':'|unexpected '}'", _stray_brace),
    (r"unexpected char '(.)'", _stray_character),
    (r"expected token 'end of print statement', got '(.*)'", _open_print),
    (r"expected token 'end of statement block', got '(.*)'", _open_statement),
    (r"expected token '(.*)', got '(.*)'", _other_word),
    (r"[Uu]nexpected end of template", _ends_early),
    (r"Missing end of comment tag", _open_comment),
    (r"Missing end of raw directive", _open_raw),
    (r"Expected an expression, got '(.*)'", _nothing_here),
    (r"block '(\w+)' defined twice", _two_blocks),
)
