"""YAML as a tree with places, without the traps of YAML 1.1: `no` is a text, `10:00` too, and a key stands once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from dsl.diagnostics import Edit, Fix, Label
from dsl.messages import say
from dsl.problems import Problems
from dsl.source import Source, Span

try:
    from yaml import CSafeLoader as Loader
except ImportError:  # a build of PyYAML without libyaml: slower, same result
    from yaml import SafeLoader as Loader  # type: ignore[assignment]

MOST_CHARACTERS = 1_000_000
DEEPEST = 20

_INT = re.compile(r"[-+]?\d{1,18}")
_FLOAT = re.compile(r"[-+]?\d{1,18}\.\d{1,18}")
_OWN_TAGS = re.compile(r"tag:yaml\.org,2002:(str|int|float|bool|null|timestamp|value|merge|seq|map)")


@dataclass(frozen=True, slots=True)
class Scalar:
    """`value`: what YAML 1.2 reads, but a date, `yes`, `no`, `on`, `off` are texts."""

    value: str | int | float | bool | None
    span: Span
    text: str  # as written, without quotes


@dataclass(frozen=True, slots=True)
class Items:
    items: tuple[Tree, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Entry:
    key: str
    key_span: Span
    value: Tree


@dataclass(frozen=True, slots=True)
class Mapping:
    entries: dict[str, Entry]
    span: Span

    def get(self, key: str) -> Tree | None:
        entry = self.entries.get(key)
        return entry.value if entry else None


Tree: TypeAlias = Scalar | Items | Mapping


def parse_yaml(source: Source, problems: Problems) -> Mapping | None:
    """The mapping that the file holds; None when it is no such thing, and that is reported. An empty file is empty."""
    if len(source.text) > MOST_CHARACTERS:
        problems.error(
            "E503",
            say("this file is too large"),
            Label(Span(0, 0), say("at most {MOST_CHARACTERS} characters", MOST_CHARACTERS=f"{MOST_CHARACTERS:,}")),
        )
        return None
    before = len(problems.found)
    node = _compose(source, problems)
    if node is None:
        return None if len(problems.found) > before else Mapping({}, Span(0, 0))
    tree = _Builder(source, problems).build(node, depth=0)
    if len(problems.found) > before and tree is None:
        return None
    if not isinstance(tree, Mapping):
        problems.error(
            "E503", say("I expected names with a colon, one a line"), Label(_span(node), say("this is something else"))
        )
        return None
    return tree


def _compose(source: Source, problems: Problems) -> Node | None:
    try:
        deep = _too_deep(source.text)
        if deep is not None:
            problems.error(
                "E503", say("this is nested too deeply"), Label(deep, say("at most {DEEPEST} levels", DEEPEST=DEEPEST))
            )
            return None
        return yaml.compose(source.text, Loader=Loader)
    except yaml.MarkedYAMLError as error:
        _report_syntax(error, source, problems)
    except (yaml.YAMLError, RecursionError) as error:
        position = getattr(error, "position", 0)
        problems.error("E503", say("this is not YAML"), Label(Span(position, position + 1), _one_line(str(error))))
    return None


def _too_deep(text: str) -> Span | None:
    """Where the nesting passes what is allowed. Composing recurses in C, and would end the process without a word."""
    depth = 0
    for event in yaml.parse(text, Loader=Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            at = event.start_mark.index if event.start_mark else 0
            return Span(at, at + 1)
    return None


def _report_syntax(error: yaml.MarkedYAMLError, source: Source, problems: Problems) -> None:
    mark = error.problem_mark or error.context_mark
    at = min(mark.index, max(len(source.text) - 1, 0)) if mark else 0
    line = source.line_text(source.place(at).line)
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" in indent or source.text[at : at + 1] == "\t":
        tab = source.text.index("\t", source.text.rfind("\n", 0, at) + 1)
        problems.error(
            "E504",
            say("a tab cannot indent a line here"),
            Label(Span(tab, tab + 1), say("use blanks")),
            fixes=[Fix(say("two blanks"), (Edit(Span(tab, tab + 1), "  "),), "safe")],
        )
        return
    notes = [say("for a value that may be missing write `optional text`, not `text?`")] if "?" in line else []
    problems.error(
        "E503", say("this is not YAML"), Label(Span(at, at + 1), _one_line(error.problem or "")), notes=notes
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _span(node: Node) -> Span:
    return Span(node.start_mark.index, node.end_mark.index)


@dataclass(frozen=True, slots=True)
class _Builder:
    source: Source
    problems: Problems
    built: dict[int, Tree | None] = field(default_factory=dict)  # by the id of the node: an alias is built once

    def build(self, node: Node, *, depth: int) -> Tree | None:
        if id(node) not in self.built:
            self.built[id(node)] = self._build(node, depth)
        return self.built[id(node)]

    def _build(self, node: Node, depth: int) -> Tree | None:
        if depth > DEEPEST:
            self.problems.error(
                "E503",
                say("this is nested too deeply"),
                Label(_span(node), say("at most {DEEPEST} levels", DEEPEST=DEEPEST)),
            )
            return None
        if not _OWN_TAGS.fullmatch(node.tag):
            self.problems.error(
                "E503", say("tags of YAML are not used here"), Label(_span(node), say("leave out {tag}", tag=node.tag))
            )
            return None
        if isinstance(node, ScalarNode):
            return Scalar(_value(node), self._tight(node), node.value)
        if isinstance(node, SequenceNode):
            items = [self.build(item, depth=depth + 1) for item in node.value]
            return Items(tuple(item for item in items if item is not None), self._tight(node))
        return self._build_mapping(node, depth) if isinstance(node, MappingNode) else None

    def _build_mapping(self, node: MappingNode, depth: int) -> Mapping:
        entries: dict[str, Entry] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode) or key.value == "<<":
                self.problems.error(
                    "E503", say("a key must be a word"), Label(_span(key), say("not a list or an object"))
                )
                continue
            if key.value in entries:
                first = entries[key.value].key_span
                self.problems.error(
                    "E505",
                    say('"{value}" stands here twice', value=key.value),
                    (Label(_span(key), say("only one of them can hold")), Label(first, say("the first one"))),
                )
                continue
            built = self.build(value, depth=depth + 1)
            if built is not None:
                entries[key.value] = Entry(key.value, _span(key), built)
        return Mapping(entries, self._tight(node))

    def _tight(self, node: Node) -> Span:
        """Block nodes end at the next key: without the blank lines between."""
        span = _span(node)
        text = self.source.text[span.start : span.end].rstrip()
        return Span(span.start, span.start + len(text))


def _value(node: ScalarNode) -> str | int | float | bool | None:
    text: str = node.value
    if node.style in ("'", '"', "|", ">"):
        return text
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
