"""Titles of the schema as names: `когда заказ_оформлен` is `when order_placed` where the schema says so.

A title is written as one word: its words joined by `_`, in any case, `ё` as `е`. The tree that is compiled has the
schema's names, so that a rule says the same whichever name it was written with, and history knows one name only. A real
name, of the schema or defined in a rule file, comes before a title; a title that two things share names neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from dsl import syntax
from dsl.catalog import Catalog, EventType
from dsl.kinds import Kind
from dsl.source import Source
from dsl.syntax import Node

_NODE = TypeVar("_NODE", bound=Node)
_Names = dict[str, str]


def as_name(title: str) -> str:
    """How a title is written in a rule."""
    return re.sub(r"\W+", "_", title.strip().lower().replace("ё", "е")).strip("_")


@dataclass(frozen=True, slots=True)
class Titles:
    """Written titles to the schema's names."""

    catalog: Catalog
    events: _Names = field(default_factory=dict)
    attributes: _Names = field(default_factory=dict)
    properties: dict[str, _Names] = field(default_factory=dict)  # by event
    defined: frozenset[str] = frozenset()  # in rule files: these are meant where they stand
    pattern: re.Pattern[str] | None = None  # any of them

    def stand_in(self, text: str) -> bool:
        """Whether it is worth a closer look: most files name things as the schema does."""
        return self.pattern is not None and self.pattern.search(text.lower().replace("ё", "е")) is not None


def titles_of(catalog: Catalog, files: Sequence[syntax.RuleFile] = ()) -> Titles:
    definitions = (syntax.Let, syntax.Define, syntax.Segment)
    defined = {item.name.text for file in files for item in file.items if isinstance(item, definitions)}
    events = _written({name: event.title for name, event in catalog.events.items()}, catalog.events)
    attributes = written_titles(catalog.attributes)
    properties = {name: written_titles(event.properties) for name, event in catalog.events.items()}
    written = {*events, *attributes, *(title for titles in properties.values() for title in titles)}
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(written)))})\b") if written else None
    return Titles(catalog, events, attributes, properties, frozenset(defined), pattern)


def written_titles(kinds: Mapping[str, Kind]) -> _Names:
    """As rules write them, to the names of the attributes or properties."""
    return _written({name: kind.title for name, kind in kinds.items()}, kinds)


def _written(titles: Mapping[str, Mapping[str, str]], real: Iterable[str]) -> _Names:
    owners: dict[str, set[str]] = {}
    for name, by_language in titles.items():
        for title in by_language.values():
            owners.setdefault(as_name(title), set()).add(name)
    return {
        written: next(iter(names)) for written, names in owners.items() if len(names) == 1 and written not in set(real)
    }


def with_schema_names(file: syntax.RuleFile, titles: Titles) -> syntax.RuleFile:
    """The same file, with the schema's names where titles stand."""
    if not titles.stand_in(file.source.text):
        return file
    items = tuple(_Reader(titles).item(item) for item in file.items)
    return file if all(new is old for new, old in zip(items, file.items, strict=True)) else replace(file, items=items)


def case_with_schema_names(case: syntax.TestCase, source: Source, titles: Titles) -> syntax.TestCase:
    """`source` is that of the case's file."""
    return _Reader(titles).node(case) if titles.stand_in(source.slice(case.span)) else case


@dataclass(frozen=True, slots=True)
class _Reader:
    """Replaces names under a node; knows the events that `event` and a bare property speak of there."""

    titles: Titles
    started_by: tuple[str, ...] = ()  # what `event.…` reads
    counted: tuple[str, ...] = ()  # whose properties stand bare: `count of order_placed where (total > 5 EUR)`

    def item(self, item: syntax.Item) -> syntax.Item:
        if not isinstance(item, syntax.Rule):
            return self.node(item)
        return replace(self, started_by=_events_of(self.node(item.trigger))).node(item)

    def node(self, node: _NODE) -> _NODE:
        changed: dict[str, Any] = {}
        within = self._inside(node)
        for name in (each.name for each in fields(node)):
            old = getattr(node, name)
            new = within._value(node, name, old)
            if new is not old:
                changed[name] = new
        return replace(node, **changed) if changed else node

    def _inside(self, node: Node) -> _Reader:
        if isinstance(node, syntax.Events):  # in its `where`, `event` is the one that has just come
            return replace(self, started_by=tuple(self._event(name.text) for name in node.names))
        if isinstance(node, syntax.Aggregate):
            return replace(self, counted=(self._event(node.path.root),))
        if isinstance(node, syntax.Emit | syntax.AtEvent | syntax.GivenHistory):
            return replace(self, counted=(self._event(node.event.text),))
        return self

    def _value(self, owner: Node, field_name: str, value: Any) -> Any:
        if isinstance(value, tuple):
            new = tuple(self._value(owner, field_name, each) for each in value)
            return new if any(a is not b for a, b in zip(new, value, strict=True)) else value
        if isinstance(value, syntax.Path):
            return self._path(value)
        if isinstance(value, syntax.Pair):
            return self._pair(owner, value)
        if isinstance(value, syntax.Name):
            return self._name(field_name, value)
        return self.node(value) if isinstance(value, Node) else value

    def _name(self, field_name: str, name: syntax.Name) -> syntax.Name:
        if field_name == "same":
            return _renamed(name, self._property(name.text, self.started_by or tuple(self.titles.catalog.events)))
        return _renamed(name, self._event(name.text)) if field_name in ("event", "names") else name

    def _path(self, path: syntax.Path) -> syntax.Path:
        parts = list(path.parts)
        parts[0] = _renamed(parts[0], self._root(path))
        if len(parts) > 1:
            parts[1] = _renamed(parts[1], self._second(parts[0].text, parts[1].text))
        return (
            path if all(a is b for a, b in zip(parts, path.parts, strict=True)) else replace(path, parts=tuple(parts))
        )

    def _root(self, path: syntax.Path) -> str:
        text = path.root
        if len(path.parts) == 1 and self.counted:
            found = self._property(text, self.counted)
            if found != text:
                return found
        return self._event(text)

    def _second(self, root: str, text: str) -> str:
        if root == "customer":
            return self._attribute(text)
        if root == "event":
            return self._property(text, self.started_by or tuple(self.titles.catalog.events))
        return self._property(text, (root,)) if root in self.titles.catalog.events else text

    def _pair(self, owner: Node, pair: syntax.Pair) -> syntax.Pair:
        value = self._value(pair, "value", pair.value)
        name = pair.name
        if isinstance(owner, syntax.GivenCustomer):
            name = _renamed(name, self._attribute(name.text))
        elif self.counted:
            name = _renamed(name, self._property(name.text, self.counted))
        if name is pair.name and value is pair.value:
            return pair
        return replace(pair, name=name, value=value)

    def _event(self, text: str) -> str:
        return text if text in self.titles.defined else self.titles.events.get(as_name(text), text)

    def _attribute(self, text: str) -> str:
        return self.titles.attributes.get(as_name(text), text)

    def _property(self, text: str, events: Sequence[str]) -> str:
        """What all of the events that know this title call it."""
        found = {self.titles.properties[event][as_name(text)] for event in events if self._knows(event, text)}
        return found.pop() if len(found) == 1 else text

    def _knows(self, event: str, text: str) -> bool:
        known: EventType | None = self.titles.catalog.events.get(event)
        return known is not None and text not in known.properties and as_name(text) in self.titles.properties[event]


def _renamed(name: syntax.Name, text: str) -> syntax.Name:
    return name if text == name.text else replace(name, text=text)


def _events_of(trigger: Node) -> tuple[str, ...]:
    """Those that start a run, in a sequence the first."""
    if isinstance(trigger, syntax.EventTrigger | syntax.TimesTrigger):
        return tuple(name.text for name in trigger.events.names)
    return tuple(name.text for name in trigger.first.names) if isinstance(trigger, syntax.SequenceTrigger) else ()
