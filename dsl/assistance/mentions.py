"""Every name that a file mentions, with what it is the name of: for hover, definitions, renaming and colours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Literal, TypeAlias

from dsl import syntax
from dsl.catalog import Catalog
from dsl.source import Span

MentionKind: TypeAlias = Literal[
    "event", "attribute", "property", "name", "template", "rule", "split", "arm", "tag", "file", "variable", "customer",
    "promo", "webhook", "staff",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """`name` is dotted for attributes and properties, `email/cart` for templates. A "name" is a `let`, `define` or
    `segment`."""

    kind: MentionKind
    name: str
    span: Span
    is_definition: bool = False
    events: tuple[str, ...] = ()  # of a property: those it may belong to
    within: str = ""  # of an arm: its split


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What names mean here: the events of `event.`, and the event whose properties stand bare."""

    catalog: Catalog
    events: tuple[str, ...] = ()
    bare: str = ""
    split: str = ""


Mentions: TypeAlias = Iterator[Mention]


def mentions_of(items: object, catalog: Catalog) -> list[Mention]:
    """Of items or cases of a file, in the order of the text."""
    found = list(_walk(items, _Place(catalog=catalog)))
    return sorted(found, key=lambda mention: mention.span.start)


def mention_at(mentions: list[Mention], offset: int) -> Mention | None:
    """The end of a word belongs to it: that is where the cursor is after it was written."""
    return next((each for each in mentions if each.span.start <= offset <= each.span.end), None)


def _walk(tree: object, place: _Place) -> Mentions:
    if isinstance(tree, tuple):
        for each in tree:
            yield from _walk(each, place)
    elif isinstance(tree, syntax.Node):
        yield from _node(tree, place)


def _children(node: syntax.Node, place: _Place, *, without: tuple[str, ...] = ()) -> Mentions:
    for field in fields(node):
        if field.name != "span" and field.name not in without:
            yield from _walk(getattr(node, field.name), place)


def _node(node: syntax.Node, place: _Place) -> Mentions:
    match node:
        case syntax.Rule() | syntax.Define() | syntax.Segment() | syntax.Let() | syntax.Use() | syntax.GivenRules():
            yield from _item(node, place)
        case syntax.Events():
            yield from _events(node, place)
        case syntax.Path():
            yield from _path(node, place)
        case syntax.Aggregate() | syntax.LastValue() | syntax.DaysSince():
            yield from _history(node, place)
        case syntax.Recipient() | syntax.ExpectMessage() | syntax.ExpectNoMessage() | syntax.ExpectSkipped():
            yield from _message(node, place)
        case syntax.Send() | syntax.Call() | syntax.Emit() | syntax.AtEvent():
            yield from _with_pairs(node, place)
        case syntax.GivenCustomer() | syntax.GivenHistory() | syntax.GivenSplit() | syntax.GivenFailure():
            yield from _given(node, place)
        case syntax.Split() | syntax.SplitArm() | syntax.Tag() | syntax.ExpectTag():
            yield from _texts(node, place)
        case syntax.IssuePromo(pool=pool):
            yield Mention(kind="promo", name=pool.text, span=_inside(pool))
        case syntax.Notify(group=group):
            yield Mention(kind="staff", name=group.text, span=_inside(group))
        case _:
            yield from _other(node, place)


def _item(node: syntax.Node, place: _Place) -> Mentions:
    match node:
        case syntax.Rule(name=name):
            if name is not None:
                yield Mention(kind="rule", name=name.text, span=_inside(name), is_definition=True)
            events = _trigger_names(node.trigger)
            yield from _children(node, replace(place, events=events), without=("name",))
        case syntax.Let(name=name) | syntax.Define(name=name) | syntax.Segment(name=name):
            yield Mention(kind="name", name=name.text, span=name.span, is_definition=True)
            yield from _children(node, replace(place, events=tuple(place.catalog.events)), without=("name",))
        case syntax.Use(path=path) | syntax.GivenRules(path=path):
            yield Mention(kind="file", name=path.text, span=_inside(path))


def _trigger_names(trigger: syntax.Trigger) -> tuple[str, ...]:
    match trigger:
        case syntax.EventTrigger(events=events) | syntax.TimesTrigger(events=events):
            return tuple(name.text for name in events.names)
        case syntax.SequenceTrigger(first=first):
            return tuple(name.text for name in first.names)
    return ()


def _events(node: syntax.Events, place: _Place) -> Mentions:
    yield from (_event(name) for name in node.names)
    if node.where is not None:
        yield from _walk(node.where, replace(place, events=tuple(name.text for name in node.names), bare=""))


def _event(name: syntax.Name) -> Mention:
    return Mention(kind="event", name=name.text, span=name.span)


def _path(node: syntax.Path, place: _Place) -> Mentions:
    first, *rest = node.parts
    if first.text == "customer":
        yield from _dotted("attribute", rest)
    elif first.text == "event":
        yield from _dotted("property", rest, place.events)
    elif place.bare and first.text in _properties(place.bare, place.catalog):
        yield from _dotted("property", [first, *rest], (place.bare,))
    elif first.text in place.catalog.events:
        yield _event(first)
        yield from _dotted("property", rest, (first.text,))
    else:
        yield Mention(kind="name", name=first.text, span=first.span)


def _properties(event: str, catalog: Catalog) -> frozenset[str]:
    return frozenset(catalog.events[event].properties) if event in catalog.events else frozenset()


def _dotted(kind: MentionKind, parts: list[syntax.Name], events: tuple[str, ...] = ()) -> Mentions:
    for count, part in enumerate(parts, 1):
        name = ".".join(each.text for each in parts[:count])
        yield Mention(kind=kind, name=name, span=part.span, events=events)


def _history(node: syntax.Node, place: _Place) -> Mentions:
    match node:
        case syntax.DaysSince(event=event):
            yield _event(event)
        case syntax.Aggregate(path=path) | syntax.LastValue(path=path):
            yield _event(path.parts[0])
            yield from _dotted("property", list(path.parts[1:]), (path.root,))
            yield from _children(node, replace(place, bare=path.root), without=("path",))


def _message(node: syntax.Node, place: _Place) -> Mentions:
    channel, template = getattr(node, "channel", None), getattr(node, "template", None)
    if isinstance(template, syntax.Text):
        yield Mention(kind="template", name=f"{channel or '*'}/{template.text}", span=_inside(template))
    yield from _customer(node)
    yield from _children(node, place, without=("template", "customer"))


def _with_pairs(node: syntax.Node, place: _Place) -> Mentions:
    match node:
        case syntax.Send(variables=pairs):
            yield from _walk(node.first, place)
            yield from _pairs("variable", pairs, place)
            yield from _walk((node.fallbacks, node.unless), place)
        case syntax.Call(target=target, properties=pairs):
            yield Mention(kind="webhook", name=target.text, span=_inside(target))
            yield from _pairs("variable", pairs, place)
        case syntax.Emit(event=event, properties=pairs):
            yield _event(event)
            yield from _pairs("property", pairs, place, (event.text,))
        case syntax.AtEvent(event=event, properties=pairs):
            yield _event(event)
            yield from _pairs("property", pairs, place, (event.text,))
            yield from _customer(node)


def _pairs(kind: MentionKind, pairs: tuple[syntax.Pair, ...], place: _Place, events: tuple[str, ...] = ()) -> Mentions:
    for pair in pairs:
        yield Mention(kind=kind, name=pair.name.text, span=pair.name.span, events=events)
        yield from _walk(pair.value, place)


def _given(node: syntax.Node, place: _Place) -> Mentions:
    match node:
        case syntax.GivenCustomer(name=name, attributes=pairs):
            if name is not None:
                yield Mention(kind="customer", name=name.text, span=name.span, is_definition=True)
            yield from _pairs("attribute", pairs, place)
        case syntax.GivenHistory(event=event, properties=pairs):
            yield _event(event)
            yield from _pairs("property", pairs, place, (event.text,))
            yield from _customer(node)
        case syntax.GivenSplit(split=split, takes=takes):
            yield Mention(kind="split", name=split.text, span=_inside(split))
            yield Mention(kind="arm", name=takes.text, span=_inside(takes), within=split.text)
        case syntax.GivenFailure(template=template):
            yield Mention(kind="template", name=f"*/{template.text}", span=_inside(template))


def _customer(node: syntax.Node) -> Mentions:
    name = getattr(node, "customer", None)
    if isinstance(name, syntax.Name):
        yield Mention(kind="customer", name=name.text, span=name.span)


def _texts(node: syntax.Node, place: _Place) -> Mentions:
    match node:
        case syntax.Split(name=name):
            if name is not None:
                yield Mention(kind="split", name=name.text, span=_inside(name), is_definition=True)
            yield from _walk(node.arms, replace(place, split=name.text if name else ""))
        case syntax.SplitArm(label=label):
            if label is not None:
                span = _inside(label)
                yield Mention(kind="arm", name=label.text, span=span, is_definition=True, within=place.split)
            yield from _walk(node.steps, place)
        case syntax.Tag(tag=tag) | syntax.ExpectTag(tag=tag):
            yield Mention(kind="tag", name=tag.text, span=_inside(tag))
            yield from _customer(node)


#: Fields of other nodes that hold names, and of what.
_NAMES: dict[str, MentionKind] = {"event": "event", "segment": "name", "same": "property", "customer": "customer"}


def _other(node: syntax.Node, place: _Place) -> Mentions:
    group = getattr(node, "group", None)
    if isinstance(group, syntax.Name):
        yield Mention(kind="name", name=group.text, span=group.span)
    if isinstance(node, syntax.Contains) and str(node.value) == "customer.tags" and isinstance(node.part, syntax.Text):
        yield Mention(kind="tag", name=node.part.text, span=_inside(node.part))
    for field, kind in _NAMES.items():
        name = getattr(node, field, None)
        if isinstance(name, syntax.Name):
            events = _events_of(node) if kind == "property" else ()
            yield Mention(kind=kind, name=name.text, span=name.span, events=events)
    yield from _children(node, place)


def _events_of(node: syntax.Node) -> tuple[str, ...]:
    events = getattr(node, "events", None)
    return tuple(name.text for name in events.names) if isinstance(events, syntax.Events) else ()


def _inside(text: syntax.Text) -> Span:
    """Without the quotes."""
    return Span(text.span.start + 1, text.span.end - 1)
