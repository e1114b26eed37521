"""Proposals of the words of the language, as the file speaks it: those that make sense here, the likeliest first."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.assistance.cursor import Cursor
from dsl.assistance.proposals import LIKELY, POSSIBLE, RARE, WANTED, Proposal
from dsl.assistance.quantities import value_kind
from dsl.assistance.surroundings import CONDITION, CONDITIONS, CUSTOMER, HAPPENED, operand_before, trigger_events
from dsl.formatting.words import Words
from dsl.keywords import ENGLISH, RUSSIAN
from dsl.kinds import Kind
from dsl.source import Span
from dsl.syntax import Duration, Unit
from dsl.words import CLAUSES, ITEMS, STEPS, TEST_LINES

#: Signs that are words here.
SIGNS = {"MORETHAN": ">", "LESSTHAN": "<", "__ANON_0": ">=", "__ANON_1": "<="}

_KNOWN = ("IS_KNOWN", "IS_UNKNOWN")
_ORDERED = ("MORETHAN", "LESSTHAN", "__ANON_0", "__ANON_1", "BETWEEN")

#: What may be said of a value of this kind.
_SAID_OF: dict[str, tuple[str, ...]] = {
    "text": ("IS", "IS_NOT", "IN", "NOT_IN", "CONTAINS", "STARTS_WITH", *_KNOWN),
    "number": ("__ANON_0", "MORETHAN", "LESSTHAN", "__ANON_1", "IS", "IS_NOT", "BETWEEN", "IN", "NOT_IN", *_KNOWN),
    "money": ("__ANON_0", "MORETHAN", "LESSTHAN", "__ANON_1", "IS", "IS_NOT", "BETWEEN", *_KNOWN),
    "date": ("IS", "IS_NOT", *_ORDERED, "IN_LAST", *_KNOWN),
    "moment": ("IS", "IS_NOT", *_ORDERED, "IN_LAST", *_KNOWN),
    "flag": ("IS", *_KNOWN),
    "percent": ("IS", "IS_NOT", *_ORDERED, *_KNOWN),
    "duration": ("IS", "IS_NOT", *_ORDERED, *_KNOWN),
    "record": _KNOWN,
    "customer": ("IN", "NOT_IN"),
    "list": ("CONTAINS", *_KNOWN),
}
_SAID = frozenset(word for words in _SAID_OF.values() for word in words)
#: Clauses that stand once in a rule.
_ONCE = ("GOAL", "ONCE", "IF_REPEATED", "TRANSACTIONAL", "TIMEZONE", "PRIORITY", "ACTIVE", "OWNER", "DESCRIPTION")
_USUAL_CLAUSES = ("ONLY_IF", "STOP_WHEN", "ONCE", "GOAL", "UNLESS", "OWNER")
_USUAL_STEPS = ("SEND", "WAIT", "IF", "WAIT_FOR", "SPLIT", "ADD", "SET")
_BEGIN_OPERANDS = ("COUNT", "SUM", "AVERAGE", "LAST", "DAYS_SINCE")


def propose_keywords(cursor: Cursor) -> Iterator[Proposal]:
    if cursor.in_quotes:
        return
    words = Words(cursor.language)
    for terminal in sorted(_sensible(cursor)):
        rank = _rank(terminal, cursor)
        if terminal in SIGNS:
            yield Proposal(label=SIGNS[terminal], kind="keyword", rank=rank)
        elif terminal in ENGLISH:
            others = tuple(form for form in (*RUSSIAN[terminal], *ENGLISH[terminal]) if form != words(terminal))
            yield Proposal(label=words(terminal), kind="keyword", rank=rank, found_by=_own_forms(cursor, others))
    if "CHANNEL" in cursor.accepted:
        for place, channel in enumerate(cursor.view.catalog.channels):
            yield Proposal(label=words.channel(channel), kind="channel", rank=WANTED + place, found_by=(channel,))
    yield from _calendar(cursor, words)


def _own_forms(cursor: Cursor, forms: tuple[str, ...]) -> tuple[str, ...]:
    """Other forms lead to a word as well, those of the other language too: nobody remembers which table they are in."""
    return forms if cursor.typed else ()


def _calendar(cursor: Cursor, words: Words) -> Iterator[Proposal]:
    if "WEEKDAY" in cursor.accepted:
        for place, days in enumerate([(day,) for day in range(1, 8)] + [(1, 2, 3, 4, 5), (1, 2, 3, 4, 5, 6, 7)]):
            shown = words.until_weekday(days) if cursor.type_before() == "UNTIL" else words.weekdays(days)
            yield Proposal(label=shown, kind="value", rank=WANTED + place)
    if "MONTH_NAME" in cursor.accepted:
        yield from (Proposal(label=words.month(each), kind="value", rank=WANTED + each) for each in range(1, 13))
    if "PERIOD" in cursor.accepted:
        units: tuple[Unit, ...] = ("day", "week", "month")
        periods = [words.period(Duration(span=Span(0, 0), amount=1, unit=unit)) for unit in units]
        yield from (Proposal(label=each, kind="value", rank=LIKELY) for each in periods if each)


def _sensible(cursor: Cursor) -> set[str]:
    """What the parser accepts, without what the checker would refuse."""
    accepted = set(cursor.accepted) - {"$END"}
    kind = value_kind(cursor)
    if kind is not None:
        return _values(accepted, kind)
    operand = operand_before(cursor)
    if operand is not None and _is_in_condition(cursor, operand.begins):
        said = said_of(operand.kind)
        if said is not None:
            is_counted = cursor.types[operand.begins] in ("COUNT", "SUM", "AVERAGE")
            return accepted & (said - set(_KNOWN) | {"WHERE", "IN_LAST"} if is_counted else said)
        accepted -= _SAID - ({"IN_LAST"} if operand.kind == HAPPENED else set())
    else:
        accepted -= _SAID
    if cursor.type_before() == "WHEN" or (trigger_events(cursor) is None and _in_rule(cursor)):
        accepted.discard("EVENT")
    if "WAIT_FOR" not in cursor.types:
        accepted.discard("ARRIVED")
    if "ISSUE" not in cursor.types:
        accepted.discard("ISSUED")
    return accepted - {each for each in _ONCE if each in cursor.types} - _glued(cursor)


def _in_rule(cursor: Cursor) -> bool:
    return any(each in cursor.types for each in ("WHEN", "EVERY", "ON_DATE"))


def _glued(cursor: Cursor) -> set[str]:
    """A new item begins on a new line."""
    return (
        set() if cursor.begins_line else set(ITEMS) | ({"TEST", "TODO"} if cursor.document.kind == "tests" else set())
    )


def _values(accepted: set[str], kind: Kind) -> set[str]:
    """Of the words with which a value may begin, those that give one of this kind."""
    history = set(_BEGIN_OPERANDS) if kind.name in ("number", "money") and not kind.values else set()
    if kind.name == "flag" or kind.values:
        return set()  # the values themselves are proposed
    paths = {"CUSTOMER", "EVENT"}
    return accepted & (history | paths)


def said_of(kind: Kind) -> set[str] | None:
    """The words that may follow a value in a condition; None: it is a condition already."""
    if kind in (CONDITION, HAPPENED):
        return None
    if kind.is_list:
        return set(_SAID_OF["list"])
    if kind.values:
        return {"IS", "IS_NOT", "IN", "NOT_IN", *_KNOWN}
    if kind == CUSTOMER:
        return set(_SAID_OF["customer"])
    return set(_SAID_OF.get(kind.name, ())) or None


def _is_in_condition(cursor: Cursor, begins: int) -> bool:
    before = cursor.types[begins - 1] if begins else ""
    if before == "OR" and cursor.types[begins] == "NAME":
        types = list(cursor.types[:begins])
        while types[-2:] == ["NAME", "OR"]:
            del types[-2:]
        return bool(types) and types[-1] in CONDITIONS
    return before in CONDITIONS or before == "LPAR"


def _rank(terminal: str, cursor: Cursor) -> int:
    if cursor.document.kind == "tests" and terminal in TEST_LINES:
        return LIKELY + TEST_LINES.index(terminal)
    if terminal in ITEMS:
        return (WANTED if cursor.is_at_margin else RARE) + ITEMS.index(terminal)
    if terminal == "END":
        return WANTED if cursor.begins_line else POSSIBLE
    if terminal in CLAUSES or terminal in STEPS:
        usual = (*_USUAL_STEPS, *_USUAL_CLAUSES) if terminal in STEPS else (*_USUAL_CLAUSES, *_USUAL_STEPS)
        near = LIKELY if cursor.begins_line else POSSIBLE
        return near + (usual.index(terminal) if terminal in usual else 12)
    said = _order_said(cursor)
    if terminal in said:
        return WANTED + said.index(terminal)
    if terminal in _BEGIN_OPERANDS or terminal in ("NOT", "CUSTOMER", "EVENT"):
        return POSSIBLE
    return LIKELY if not cursor.begins_line else POSSIBLE


def _order_said(cursor: Cursor) -> tuple[str, ...]:
    operand = operand_before(cursor)
    if operand is None:
        return ()
    return _SAID_OF.get("list" if operand.kind.is_list else operand.kind.name, ())
