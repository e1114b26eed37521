"""What the words before the cursor are about: the events that `event.` stands for, the kind of the last value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dsl import syntax
from dsl.assistance.cursor import Cursor
from dsl.catalog import EventType
from dsl.kinds import Kind
from dsl.words import CLAUSES, STEPS

#: Words after which events are listed.
LISTS = ("WHEN", "THEN", "STOP_WHEN", "GOAL", "WAIT_FOR")
#: Words after which a condition begins.
CONDITIONS = ("ONLY_IF", "UNLESS", "IF", "ELSE_IF", "WHERE", "AND", "OR", "NOT", "LPAR", "MEANS", "FOR", "EXPECT")
#: What is compared stands before them, and what it is compared with after them.
COMPARISONS = ("IS", "IS_NOT", "MORETHAN", "LESSTHAN", "__ANON_0", "__ANON_1")

_ENDS_WHERE = frozenset((*CLAUSES, *STEPS, "AFTER", "WITHIN", "UP_TO", "WITH_SAME")) - {"UNLESS", "IF"}
_VALUES: dict[str, Kind] = {
    "INT": Kind(name="number"), "NUMBER": Kind(name="number"), "MONEY": Kind(name="money"),
    "STRING": Kind(name="text"), "DATE": Kind(name="date"), "DURATION": Kind(name="duration"),
    "PERCENT": Kind(name="percent"), "COUNT": Kind(name="number"), "DAYS_SINCE": Kind(name="number"),
}  # fmt: skip
_LITERALS: dict[type, str] = {
    syntax.Number: "number", syntax.Money: "money", syntax.Text: "text", syntax.Date: "date",
    syntax.Duration: "duration", syntax.Percent: "percent", syntax.Flag: "flag",
}  # fmt: skip

#: What is true or false by itself: a definition or segment, an event that happened. And whom a segment holds.
CONDITION = Kind(name="condition")
HAPPENED = Kind(name="event")
CUSTOMER = Kind(name="customer")


@dataclass(frozen=True, slots=True)
class Operand:
    """A value that ends before the cursor; `begins` is the place of its first token."""

    kind: Kind
    begins: int


def known_events(names: Sequence[str], cursor: Cursor) -> tuple[EventType, ...]:
    events = cursor.view.catalog.events
    return tuple(events[name] for name in names if name in events)


def trigger_events(cursor: Cursor) -> tuple[EventType, ...] | None:
    """None: nothing that started the rule was an event."""
    for _, opener, names in _event_lists(cursor):
        if opener == "WHEN":
            return known_events(names, cursor)
    return None


def current_events(cursor: Cursor) -> tuple[EventType, ...] | None:
    """What `event.` stands for at the cursor: inside the `where` of a list, the events of that list."""
    types = cursor.types
    if "WHERE" in types:
        where = len(types) - 1 - types[::-1].index("WHERE")
        if not _ENDS_WHERE & set(types[where:]):
            near = [names for place, _, names in _event_lists(cursor) if place < where]
            return known_events(near[-1], cursor) if near else None
    if cursor.document.kind == "rules" and types[:1] and types[0] in ("DEFINE", "SEGMENT"):
        return tuple(cursor.view.catalog.events.values())
    return trigger_events(cursor)


def _event_lists(cursor: Cursor) -> Iterator[tuple[int, str, list[str]]]:
    """Place, opening word and names of each list."""
    types = cursor.types
    for place, opener in enumerate(types):
        if opener not in LISTS:
            continue
        at = place + 1 + (types[place + 1 : place + 2] == ("NOT",))
        names = []
        while types[at : at + 1] == ("NAME",):
            names.append(str(cursor.tokens[at]))
            at += 2 if types[at + 1 : at + 2] == ("OR",) else len(types)
        if names:
            yield place, opener, names


def history_event(cursor: Cursor) -> EventType | None:
    """Inside the brackets of `count of order_placed where (…)`: there its properties stand without `event.`"""
    types, open_brackets = cursor.types, 0
    for place in range(len(types) - 1, 0, -1):
        open_brackets += {"LPAR": 1, "RPAR": -1}.get(types[place], 0)
        if open_brackets == 1 and types[place - 1] == "WHERE":
            root = _path_begin(types, place - 1)
            if types[root - 1 : root] and types[root - 1] in ("COUNT", "SUM", "AVERAGE"):
                return cursor.view.catalog.events.get(str(cursor.tokens[root]))
    return None


def _path_begin(types: Sequence[str], end: int) -> int:
    """Where the path that ends before `end` begins; `end` when there is none."""
    at = end
    while at > 0 and types[at - 1] in ("NAME", "CUSTOMER", "EVENT"):
        at -= 1
        if at == 0 or types[at - 1] != "DOT":
            return at
        at -= 1
    return at if at < end else end


def operand_before(cursor: Cursor, end: int | None = None) -> Operand | None:
    """The value that ends before the token `end`, the cursor when it is None."""
    end = len(cursor.types) if end is None else end
    types = cursor.types
    begin = _path_begin(types, end)
    if begin < end:
        before = types[begin - 1] if begin else ""
        parts = [str(token) for token in cursor.tokens[begin:end:2]]
        if before in ("COUNT", "DAYS_SINCE"):
            return Operand(Kind(name="number"), begin - 1)
        if before in ("SUM", "AVERAGE", "LAST"):
            kind = _of_history(parts, cursor)
            return Operand(kind, begin - 1) if kind else None
        kind = _of_path(types[begin], parts, cursor)
        return Operand(kind, begin) if kind else None
    if not end:
        return None
    if types[end - 1] in ("RPAR", "DURATION"):
        return _long_aggregate(cursor, end)
    kind = _VALUES.get(types[end - 1])
    return Operand(kind, end - 1) if kind else None


def _long_aggregate(cursor: Cursor, end: int) -> Operand | None:
    """`count of order_placed where (…) in last 30 days`."""
    for at in range(end - 1, -1, -1):
        if cursor.types[at] in ("COUNT", "SUM", "AVERAGE"):
            path = operand_before(cursor, _path_end(cursor.types, at + 1))
            return Operand(path.kind, at) if path else None
        if cursor.types[at] in (*COMPARISONS, *CLAUSES, *STEPS, "AND"):
            break
    return Operand(Kind(name="duration"), end - 1) if cursor.types[end - 1] == "DURATION" else None


def _path_end(types: Sequence[str], begin: int) -> int:
    at = begin
    while types[at : at + 1] == ("NAME",):
        at += 1
        if types[at : at + 1] != ("DOT",):
            break
        at += 1
    return at


def _of_history(parts: list[str], cursor: Cursor) -> Kind | None:
    event = cursor.view.catalog.events.get(parts[0])
    return nested(event.properties, parts[1:]) if event and len(parts) > 1 else None


def _of_path(root: str, parts: list[str], cursor: Cursor) -> Kind | None:
    if root == "CUSTOMER":
        return nested(cursor.view.catalog.attributes, parts[1:]) if len(parts) > 1 else CUSTOMER
    if root == "EVENT":
        return nested(shared_properties(current_events(cursor) or ()), parts[1:])
    inside = history_event(cursor)
    if inside and parts[0] in inside.properties:
        return nested(inside.properties, parts)
    if len(parts) > 1:
        return None
    definition = cursor.view.definitions(cursor.path).get(parts[0])
    if definition is not None and isinstance(definition.node, syntax.Let):
        name = _LITERALS.get(type(definition.node.value))
        return Kind(name=name) if name else None
    if definition is not None:
        return CONDITION
    return HAPPENED if parts[0] in cursor.view.catalog.events else None


def nested(kinds: dict[str, Kind], parts: Sequence[str]) -> Kind | None:
    """Follows the dots inside objects."""
    kind: Kind | None = None
    for part in parts:
        kind = kinds.get(part)
        if kind is None:
            return None
        kinds = {} if kind.is_list else kind.fields
    return kind


def shared_properties(events: Sequence[EventType]) -> dict[str, Kind]:
    """Those that each of the events has. All of several thousand when a definition is for any event."""
    if not events:
        return {}
    names = set.intersection(*(set(event.properties) for event in events)) if len(events) < 10 else set()
    if names:
        return {name: kind for name, kind in events[0].properties.items() if name in names}
    return {name: replace(kind, optional=True) for event in events for name, kind in event.properties.items()}
