"""schema.yaml: the events of the application and what is known of a customer."""

from __future__ import annotations

from dataclasses import dataclass, field

from dsl.catalog import BUILT_IN_ATTRIBUTES, EventType
from dsl.diagnostics import Label
from dsl.kinds import Kind
from dsl.messages import say
from dsl.plan import Length
from dsl.problems import Problems, listed, replacement
from dsl.source import Source
from dsl.suggestions import nearest
from engine.workspace.kinds import is_name, read_fields, read_title, report_name
from engine.workspace.reading import Reader
from engine.workspace.yaml_tree import Entry, Mapping, Tree, parse_yaml

EVENT_KEYS = ("title", "key", "cancelled_by", "late_after", "properties", "open")

#: Words that mean something else where a rule names an event.
RESERVED = ("customer", "event", "start", "everyone")


@dataclass(frozen=True, slots=True)
class Schema:
    events: dict[str, EventType] = field(default_factory=dict)
    attributes: dict[str, Kind] = field(default_factory=lambda: dict(BUILT_IN_ATTRIBUTES))


def load_schema(source: Source, problems: Problems, late_after: Length | None = None) -> Schema:
    """What could be read; the rest is in `problems`. `late_after` is for events that name none."""
    tree = parse_yaml(source, problems)
    if tree is None:
        return Schema()
    reader = Reader(problems)
    parts = {entry.key: entry.value for entry in reader.entries(tree, ("events", "customer"), "schema.yaml")}
    events = _read_events(parts.get("events"), reader, late_after)
    if "events" in parts and isinstance(parts["events"], Mapping):
        _check_references(parts["events"], events, reader)
    return Schema(events, _read_attributes(parts.get("customer"), reader))


def _read_events(tree: Tree | None, reader: Reader, late_after: Length | None) -> dict[str, EventType]:
    mapping = reader.mapping(tree, "events")
    events: dict[str, EventType] = {}
    for entry in mapping.entries.values() if mapping else ():
        if not is_name(entry.key):
            report_name(entry.key, reader, entry.key_span)
        elif entry.key in RESERVED:
            reader.problems.error(
                "E516",
                say('an event cannot be called "{key}"', key=entry.key),
                Label(entry.key_span, say("this word means something else in rules")),
            )
        else:
            events[entry.key] = _read_event(entry, reader, late_after)
    return events


def _read_event(entry: Entry, reader: Reader, late_after: Length | None) -> EventType:
    parts = {
        part.key: part.value for part in reader.entries(entry.value, EVENT_KEYS, say("event {key}", key=entry.key))
    }
    key = reader.text(parts["key"], say("the name of a property")) if "key" in parts else None
    cancelled_by = reader.texts(parts["cancelled_by"], say("the name of an event")) if "cancelled_by" in parts else []
    own_late = reader.length(parts["late_after"]) if "late_after" in parts else None
    return EventType(
        name=entry.key,
        properties=read_fields(parts["properties"], reader, "properties") if "properties" in parts else {},
        title=read_title(parts["title"], reader) if "title" in parts else {},
        key=key,
        cancelled_by=tuple(text for text, _ in cancelled_by),
        late_after=own_late or late_after,
        open="open" in parts and reader.flag(parts["open"]),
    )


def _check_references(tree: Mapping, events: dict[str, EventType], reader: Reader) -> None:
    """`key` names a property of a single value, `cancelled_by` names events."""
    for entry in tree.entries.values():
        event = events.get(entry.key)
        if event is None or not isinstance(entry.value, Mapping):
            continue
        key = entry.value.get("key")
        if key is not None and event.key is not None:
            _check_key(event, key, reader)
        cancelled_by = entry.value.get("cancelled_by")
        named = reader.texts(cancelled_by, say("the name of an event")) if cancelled_by and event.cancelled_by else []
        for name, place in named:
            if name not in events:
                _report_unknown(
                    say('there is no event called "{name}"', name=name), "E510", name, place, events, reader
                )


def _check_key(event: EventType, place: Tree, reader: Reader) -> None:
    kind = event.properties.get(event.key or "")
    if kind is None:
        message = say('{event} has no property "{key}"', event=event.name, key=event.key)
        _report_unknown(message, "E511", event.key or "", place, event.properties, reader)
    elif kind.is_list or kind.name not in ("text", "number"):
        reader.problems.error(
            "E511",
            say('"{key}" cannot be a key', key=event.key),
            Label(place.span, say("a key is a text or a number, this is {kind}", kind=kind)),
        )


def _report_unknown(
    message: str, code: str, name: str, place: Tree, known: dict[str, EventType] | dict[str, Kind], reader: Reader
) -> None:
    near = nearest(name, known)
    reader.problems.error(
        code,
        message,
        Label(place.span, say("not in this schema")),
        notes=[say("did you mean {near}?", near=near[0])]
        if near
        else [say("there are: {all}", all=listed(sorted(known)))]
        if known
        else [],
        fixes=[replacement(place.span, near[0])] if near else [],
    )


def _read_attributes(tree: Tree | None, reader: Reader) -> dict[str, Kind]:
    own = read_fields(tree, reader, "customer") if tree is not None else {}
    for name, kind in own.items():
        built_in = BUILT_IN_ATTRIBUTES.get(name)
        if built_in and str(kind) != str(built_in) and isinstance(tree, Mapping):
            reader.problems.error(
                "E517",
                say('every customer has "{name}" already', name=name),
                Label(
                    tree.entries[name].value.span,
                    say("it is {built_in}, and the schema says {kind}", built_in=built_in, kind=kind),
                ),
                notes=[say("leave it out")],
            )
    return {**own, **BUILT_IN_ATTRIBUTES}
