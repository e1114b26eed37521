"""Proposals of values: what a property can be, amounts and lengths of time to fill in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dsl import syntax
from dsl.assistance.cursor import Cursor
from dsl.assistance.naming import described
from dsl.assistance.proposals import LIKELY, POSSIBLE, WANTED, Proposal
from dsl.assistance.surroundings import COMPARISONS, current_events, operand_before, shared_properties
from dsl.formatting.values import quoted
from dsl.formatting.words import Words
from dsl.keywords import UNITS
from dsl.kinds import Kind
from dsl.source import Span
from dsl.syntax import Duration, Unit

#: What a value follows, besides comparisons.
_BEFORE_VALUES = (*COMPARISONS, "BETWEEN", "CONTAINS", "STARTS_WITH", "SET_TO", "BECOMES")

#: Lengths of time that are proposed before a digit is typed, by the word before.
_USUAL: dict[str, tuple[tuple[int, Unit], ...]] = {
    "AFTER": ((1, "hour"), (30, "minute"), (1, "day"), (3, "day")),
    "WITHIN": ((3, "day"), (7, "day"), (1, "hour")),
    "WAIT": ((1, "day"), (3, "day"), (2, "hour")),
    "UP_TO": ((2, "day"), (7, "day")),
    "IN_LAST": ((30, "day"), (7, "day"), (90, "day")),
    "PER": ((7, "day"), (1, "day"), (30, "day")),
    "FOR_TIME": ((30, "day"), (60, "day")),
    "CATCH_UP": ((2, "hour"), (12, "hour")),
    "VALID": ((7, "day"), (14, "day")),
    "WHEN": ((3, "day"), (7, "day")),
    "PLUS": ((1, "hour"), (40, "minute"), (1, "day")),
}
_PLACES = {
    "TIME": "${1:10:00}",
    "DATE": "${1:2026-12-31}",
    "INT": "${1:3}",
    "NUMBER": "${1:1.5}",
    "PERCENT": "${1:50}%",
}
_UNITS: tuple[Unit, ...] = ("minute", "hour", "day", "week", "month", "second", "year")
_KINDS = {"number": "INT", "date": "DATE", "moment": "DATE", "percent": "PERCENT"}


def propose_quantities(cursor: Cursor) -> Iterator[Proposal]:
    if cursor.in_quotes:
        return
    kind = value_kind(cursor)
    if kind is not None:
        yield from _values_of(kind, cursor)
    elif cursor.type_before() == "EQUAL":
        yield from _any_value(cursor)
    if "DURATION" in cursor.accepted:
        yield from _lengths(cursor)
    if kind is None and cursor.type_before() not in ("WHEN", "EVERY", "EQUAL"):
        yield from _other_quantities(cursor)


def propose_values_in_quotes(cursor: Cursor) -> Iterator[Proposal]:
    kind = value_kind(cursor)
    if cursor.in_quotes and kind is not None and "STRING" in cursor.accepted:
        yield from (Proposal(label=quoted(each), kind="value", rank=WANTED, found_by=(each,)) for each in kind.values)


def value_kind(cursor: Cursor) -> Kind | None:
    """The kind of what stands left of the sign before the cursor; of an element, when that is a list."""
    before = cursor.type_before()
    if before in _BEFORE_VALUES or (before == "TO" and "CHANGES" in cursor.types[-2:]):
        back = 2 if before == "TO" else 1
        operand = operand_before(cursor, len(cursor.types) - back)
        return operand.kind if operand else None
    if before in ("LPAR", "COMMA"):
        return _kind_of_list(cursor)
    if before == "EQUAL":
        return _kind_of_pair(cursor)
    return None


def _kind_of_list(cursor: Cursor) -> Kind | None:
    for at in range(len(cursor.types) - 1, 0, -1):
        if cursor.types[at] == "LPAR":
            found = operand_before(cursor, at - 1) if cursor.types[at - 1] in ("IN", "NOT_IN") else None
            return found.kind if found else None
        if cursor.types[at] in ("RPAR", "EQUAL"):
            break
    return None


def _kind_of_pair(cursor: Cursor) -> Kind | None:
    """Of the property or attribute that is given: `at 10:00 order_placed with total = `."""
    name = str(cursor.tokens[-2])
    opener = next((at for at in range(len(cursor.types) - 1, -1, -1) if cursor.types[at] == "WITH"), None)
    for token in reversed(cursor.tokens[max(0, opener - 6) : opener]) if opener is not None else ():
        if token.type == "CUSTOMER":
            return cursor.view.catalog.attributes.get(name)
        if token.type == "NAME" and str(token) in cursor.view.catalog.events:
            return cursor.view.catalog.events[str(token)].properties.get(name)
        if token.type == "STRING":
            break
    return None


def _values_of(kind: Kind, cursor: Cursor) -> Iterator[Proposal]:
    words = Words(cursor.language)
    if kind.name == "flag":
        yield from (Proposal(label=words(word), kind="value", rank=WANTED) for word in ("YES", "NO"))
    elif kind.values:
        yield from (Proposal(label=quoted(each), kind="value", rank=WANTED, found_by=(each,)) for each in kind.values)
    elif kind.name == "text":
        yield Proposal(label='"…"', text='"${1}"', kind="value", detail="text", rank=LIKELY, is_snippet=True)
    elif kind.name == "money":
        currency = cursor.view.catalog.currency or "EUR"
        yield Proposal(
            label=f"1000 {currency}", text=f"${{1:1000}} {currency}", kind="value", rank=LIKELY, is_snippet=True
        )
    elif kind.name in _KINDS:
        yield _place(_KINDS[kind.name], LIKELY)
    if cursor.type_before() in _BEFORE_VALUES:
        yield from _same_kind(kind, cursor)


def _same_kind(kind: Kind, cursor: Cursor) -> Iterator[Proposal]:
    """Constants, properties and attributes that it can be compared with."""
    if kind.name == "flag":
        return
    words = Words(cursor.language)
    for name, definition in cursor.view.definitions(cursor.path).items():
        if isinstance(definition.node, syntax.Let) and not isinstance(definition.node.value, tuple):
            value = definition.node.value
            if type(value).__name__.lower() == kind.name:
                shown = definition.source.slice(value.span)
                yield Proposal(label=name, kind="constant", detail=shown, rank=WANTED + 5)
    if not kind.values:
        events = current_events(cursor)
        yield from _fitting(shared_properties(events or ()), kind, f"{words('EVENT')}.")
        yield from _fitting(cursor.view.catalog.attributes, kind, f"{words('CUSTOMER')}.")


def _fitting(kinds: dict[str, Kind], kind: Kind, prefix: str) -> Iterator[Proposal]:
    for name, each in kinds.items():
        if each.name == kind.name and not each.is_list:
            what = "property" if prefix[0] in "eс" else "attribute"
            yield Proposal(
                label=f"{prefix}{name}",
                kind="property" if what == "property" else "attribute",
                detail=described(each),
                rank=POSSIBLE,
            )


def _any_value(cursor: Cursor) -> Iterator[Proposal]:
    """For a variable of a template: anything that is known here."""
    words = Words(cursor.language)
    events = current_events(cursor)
    if events:
        for name, kind in shared_properties(events).items():
            yield Proposal(label=f"{words('EVENT')}.{name}", kind="property", detail=described(kind), rank=WANTED)
    yield Proposal(label='"…"', text='"${1}"', kind="value", detail="text", rank=LIKELY, is_snippet=True)
    yield _place("PERCENT", LIKELY)
    for name, kind in cursor.view.catalog.attributes.items():
        yield Proposal(label=f"{words('CUSTOMER')}.{name}", kind="attribute", detail=described(kind), rank=POSSIBLE)


def _lengths(cursor: Cursor) -> Iterator[Proposal]:
    words = Words(cursor.language)
    digits = re.match(r"\d{1,6}", cursor.typed)
    here = Span(0, 0)
    if digits:
        for place, unit in enumerate(_UNITS):
            shown = words.duration(Duration(span=here, amount=int(digits[0]), unit=unit))
            others = tuple(f"{digits[0]}{form}" for form, its in UNITS.items() if its == unit)
            yield Proposal(label=shown, kind="value", rank=WANTED + place, found_by=others)
        return
    for place, (amount, unit) in enumerate(_USUAL.get(cursor.type_before(), ())):
        shown = words.duration(Duration(span=here, amount=amount, unit=unit))
        yield Proposal(label=shown, kind="value", rank=WANTED + place if cursor.type_before() != "WHEN" else POSSIBLE)


def _other_quantities(cursor: Cursor) -> Iterator[Proposal]:
    """A clock time, a date, a number: only where nothing else is a beginning, so not for every condition."""
    if "STRING" in cursor.accepted and "CUSTOMER" in cursor.accepted:
        return
    for terminal in ("TIME", "DATE", "PERCENT"):
        if terminal in cursor.accepted:
            yield _place(terminal, LIKELY)


def _place(terminal: str, rank: int) -> Proposal:
    text = _PLACES[terminal]
    return Proposal(label=re.sub(r"\$\{1:([^}]*)\}", r"\1", text), text=text, kind="value", rank=rank, is_snippet=True)
