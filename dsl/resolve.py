"""Which `let`, `define` and `segment` a file sees: its own, and those of the files it uses."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from dsl import syntax
from dsl.catalog import Catalog
from dsl.definition_sizes import DEEPEST, MOST_CHARACTERS, sizes_of
from dsl.diagnostics import Diagnostic, Label
from dsl.messages import say
from dsl.problems import Problems, listed, replacement
from dsl.source import Source, Span
from dsl.suggestions import nearest
from dsl.walk import walk

Meaning: TypeAlias = syntax.Let | syntax.Define | syntax.Segment


@dataclass(frozen=True, slots=True)
class Definition:
    node: Meaning
    source: Source

    @property
    def name(self) -> str:
        return self.node.name.text


@dataclass(frozen=True, slots=True)
class Names:
    """The definitions that one file sees, by name. `circular` ones, or too large ones, must not be followed."""

    seen: dict[str, Definition] = field(default_factory=dict)
    files: dict[str, Names] = field(default_factory=dict)  # by path: what every other file sees
    circular: set[int] = field(default_factory=set)  # ids of definition nodes

    def of(self, source: Source) -> Names:
        return self.files[source.path]

    def is_circular(self, definition: Definition) -> bool:
        return id(definition.node) in self.circular


def resolve(files: Sequence[syntax.RuleFile], catalog: Catalog, found: list[Diagnostic]) -> dict[str, Names]:
    """What each file sees, by path. Unknown files, names said twice and circles go to `found`."""
    by_path = {file.source.path: file for file in files}
    shared: dict[str, Names] = {}
    circular: set[int] = set()
    for file in files:
        problems = Problems(file.source, found)
        seen: dict[str, Definition] = {}
        for definition, span in _visible(file, by_path, problems):
            _add(definition, span, seen, catalog=catalog, problems=problems)
        shared[file.source.path] = Names(seen, shared, circular)
    _refuse_circular_files(files, by_path, found)
    _refuse_large_definitions(shared, circular, found)
    _refuse_circular_definitions(shared, circular, found)
    return shared


def _visible(
    file: syntax.RuleFile, by_path: dict[str, syntax.RuleFile], problems: Problems
) -> Iterator[tuple[Definition, Span]]:
    """With the place in `file` that brings each definition in."""
    for use in _uses(file):
        used = _find(file, use, by_path)
        if used is None:
            _report_unknown_file(file, use, by_path, problems)
        elif used is not file:
            yield from ((definition, use.path.span) for definition in _own(used))
    yield from ((definition, definition.node.name.span) for definition in _own(file))


def _own(file: syntax.RuleFile) -> Iterator[Definition]:
    for item in file.items:
        if isinstance(item, syntax.Let | syntax.Define | syntax.Segment):
            yield Definition(item, file.source)


def _uses(file: syntax.RuleFile) -> list[syntax.Use]:
    return [item for item in file.items if isinstance(item, syntax.Use)]


def _find(file: syntax.RuleFile, use: syntax.Use, by_path: dict[str, syntax.RuleFile]) -> syntax.RuleFile | None:
    """Beside the using file first, then from the folder `rules/`."""
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(file.source.path), use.path.text))
    return by_path.get(beside) or by_path.get(posixpath.normpath(posixpath.join("rules", use.path.text)))


def _report_unknown_file(
    file: syntax.RuleFile, use: syntax.Use, by_path: dict[str, syntax.RuleFile], problems: Problems
) -> None:
    folder = posixpath.dirname(file.source.path) or "."
    others = [posixpath.relpath(path, folder) for path in by_path if path != file.source.path]
    near = nearest(use.path.text, others)
    problems.error(
        "E208",
        say('there is no rule file "{use}"', use=use.path.text),
        Label(use.path.span, say("looked beside this file and in rules/")),
        notes=[say("did you mean {near}?", near=near[0])]
        if near
        else [say("rule files here: {all}", all=listed(sorted(others)))]
        if others
        else [],
        fixes=[replacement(use.path.span, f'"{near[0]}"')] if near else [],
    )


def _add(
    definition: Definition, span: Span, seen: dict[str, Definition], *, catalog: Catalog, problems: Problems
) -> None:
    first = seen.setdefault(definition.name, definition)
    if first.node is not definition.node:
        place = first.source.place(first.node.name.span.start)
        problems.error(
            "E211",
            say('"{definition}" is defined twice', definition=definition.name),
            Label(span, say("here it means something else")),
            notes=[say("the other one stands in {source}:{line}", source=first.source.path, line=place.line)],
        )
    elif definition.source is problems.source and definition.name in catalog.events:
        problems.error(
            "E211",
            say('"{definition}" is already the name of an event', definition=definition.name),
            Label(span, say("choose another name")),
        )


def _refuse_circular_files(
    files: Sequence[syntax.RuleFile], by_path: dict[str, syntax.RuleFile], found: list[Diagnostic]
) -> None:
    reported: set[frozenset[str]] = set()
    for file in files:
        for use in _uses(file):
            circle = _circle_of(file, use, by_path)
            if circle and frozenset(circle) not in reported:
                reported.add(frozenset(circle))
                Problems(file.source, found).error(
                    "E209",
                    say("these files use each other in a circle"),
                    Label(use.path.span, " -> ".join([*circle, circle[0]])),
                    notes=[say("move what both need into a third file and use that")],
                )


def _circle_of(file: syntax.RuleFile, use: syntax.Use, by_path: dict[str, syntax.RuleFile]) -> list[str] | None:
    """The paths from `file` back to itself by way of `use`, shortest first, or None."""
    start = _find(file, use, by_path)
    ways = [[start]] if start else []
    passed: set[str] = set()
    while ways:
        way = ways.pop(0)
        last = way[-1]
        if last is file:
            return [file.source.path, *(step.source.path for step in way[:-1])]
        if last.source.path not in passed:
            passed.add(last.source.path)
            ways.extend([*way, found] for used in _uses(last) if (found := _find(last, used, by_path)))
    return None


def _refuse_large_definitions(shared: dict[str, Names], refused: set[int], found: list[Diagnostic]) -> None:
    """Reports the smallest that are too large; what mentions them is only not followed."""
    seen = {id(each.node): each for names in shared.values() for each in names.seen.values()}
    mentioned = {key: list(_mentioned(each, shared)) for key, each in seen.items()}
    own = [each for path, names in shared.items() for each in names.seen.values() if each.source.path == path]
    sizes = sizes_of(own, mentioned)
    refused |= {key for key, size in sizes.items() if size.is_too_large}
    for definition in own:
        parts = mentioned[id(definition.node)]
        if id(definition.node) in refused and not any(id(part.node) in refused for part in parts):
            most = (
                say("more than {DEEPEST} conditions or blocks inside each other", DEEPEST=DEEPEST)
                if sizes[id(definition.node)].depth > DEEPEST
                else say("more than {most} characters with what it mentions", most=f"{MOST_CHARACTERS:,}")
            )
            Problems(definition.source, found).error(
                "E134", say("this is nested too deeply"), Label(definition.node.name.span, most)
            )


def _refuse_circular_definitions(shared: dict[str, Names], circular: set[int], found: list[Diagnostic]) -> None:
    for path, names in shared.items():
        for definition in names.seen.values():
            if definition.source.path == path and id(definition.node) not in circular:
                circle = _definition_circle(definition, shared)
                if circle:
                    circular.update(id(member.node) for member in circle)
                    words = [member.name for member in circle]
                    Problems(definition.source, found).error(
                        "E209",
                        say('"{definition}" is defined by itself', definition=definition.name),
                        Label(definition.node.name.span, " -> ".join([*words, words[0]])),
                    )


def _definition_circle(start: Definition, shared: dict[str, Names]) -> list[Definition] | None:
    ways = [[start]]
    passed: set[int] = set()
    while ways:
        way = ways.pop(0)
        for following in _mentioned(way[-1], shared):
            if following.node is start.node:
                return way
            if id(following.node) not in passed:
                passed.add(id(following.node))
                ways.append([*way, following])
    return None


def _mentioned(definition: Definition, shared: dict[str, Names]) -> Iterator[Definition]:
    seen = shared[definition.source.path].seen
    body = definition.node.value if isinstance(definition.node, syntax.Let) else definition.node.condition
    for node in walk(body):
        if isinstance(node, syntax.Path) and len(node.parts) == 1 and node.root in seen:
            yield seen[node.root]
        elif isinstance(node, syntax.OneOf) and isinstance(node.group, syntax.Name) and node.group.text in seen:
            yield seen[node.group.text]
