"""From an event to the rules it starts, without asking the others.

Rules are found by the event's name, then by their most selective equality (`event.city is "Moscow"`) in a dict, and
only then by running the conditions of the few that are left. Those are one function for many rules: each value is
read once for all of them, and a condition that several rules share is computed once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from zoneinfo import ZoneInfo

from dsl import plan
from engine.core.conditions.expressions import Matcher, Writer, build, shape
from engine.core.conditions.scope import Scope
from engine.core.values import Values, dig

_RULES_IN_A_FUNCTION = 1000

#: Where an equality looks: ("e", "city") is a property of the event, ("c", "city") an attribute of the customer.
Place: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule that an event of one name may start, with the conditions that decide it, and the zone it counts in."""

    number: int
    conditions: tuple[plan.Expression, ...]
    zone: ZoneInfo | None


@dataclass(frozen=True, slots=True)
class Table:
    """The rules that ask for one exact text at one place, by that text."""

    of_event: bool
    path: tuple[str, ...]
    matchers: dict[str, tuple[Matcher, ...]]

    def candidates(self, owner: Values) -> tuple[Matcher, ...]:
        asked = owner.get(self.path[0]) if len(self.path) == 1 else dig(owner, self.path)
        return self.matchers.get(asked, ()) if type(asked) is str else ()


@dataclass(frozen=True, slots=True)
class Dispatch:
    """All rules that listen to one event name."""

    tables: tuple[Table, ...]
    others: tuple[Matcher, ...]
    asks_customer: bool  # or nothing at all: the event's own texts are not enough to tell that nothing holds

    def may_match(self, event: Values) -> bool:
        """False: whoever the customer is, nothing holds. Told from the event's own texts, without a condition run."""
        return self.asks_customer or any(table.candidates(event) for table in self.tables)

    def matching(self, event: Values, attributes: Values, scope: Scope) -> list[int]:
        """The numbers of the rules whose conditions hold, in ascending order."""
        found: list[int] = []
        for table in self.tables:
            for matcher in table.candidates(event if table.of_event else attributes):
                matcher(event, attributes, scope, found.append)
        for matcher in self.others:
            matcher(event, attributes, scope, found.append)
        if len(found) > 1:
            found.sort()
        return found


def build_dispatch(entries: Sequence[Entry], currency: str | None) -> Dispatch:
    asked: Counter[tuple[Place, str]] = Counter()
    for entry in entries:
        asked.update({(place, text) for place, texts in _equalities(entry) for text in texts})
    tables: dict[Place, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
    others: list[Entry] = []
    for entry in entries:
        chosen = min(_equalities(entry), key=lambda each: _crowd(asked, each), default=None)
        if chosen is None:
            others.append(entry)
            continue
        for text in chosen[1]:
            tables[chosen[0]][text].append(entry)
    return Dispatch(
        tables=tuple(_table(place, tables[place], currency) for place in sorted(tables)),
        others=tuple(_matchers(others, currency)),
        asks_customer=bool(others) or any(place[0] != "e" for place in tables),
    )


def _table(place: Place, by_text: dict[str, list[Entry]], currency: str | None) -> Table:
    matchers = {text: tuple(_matchers(by_text[text], currency)) for text in by_text}
    return Table(place[0] == "e", tuple(place[1].split(".")), matchers)


def _crowd(asked: Counter[tuple[Place, str]], equality: tuple[Place, frozenset[str]]) -> tuple[int, Place]:
    """How many rules would have to be run because of the same texts: the fewer, the more selective."""
    place, texts = equality
    return max((asked[place, text] for text in texts), default=0), place


def _equalities(entry: Entry) -> Iterator[tuple[Place, frozenset[str]]]:
    """What a rule asks of one place: the texts without which it cannot start."""
    for condition in _conjuncts(entry.conditions):
        if isinstance(condition, plan.Compare) and condition.comparison == "is":
            options: tuple[plan.Operand, ...] = (condition.right,)
            value = condition.left
        elif isinstance(condition, plan.OneOf):
            options, value = condition.options, condition.value
        else:
            continue
        texts = frozenset(text for option in options if (text := _text_of(option)) is not None)
        if (
            value.kind == "text"
            and isinstance(value, plan.Property | plan.Attribute)
            and len(texts) == len(set(options_key(options)))
        ):
            yield ("e" if isinstance(value, plan.Property) else "c", value.name), texts


def options_key(options: Iterable[plan.Operand]) -> Iterator[str]:
    return (repr(option) for option in options)


def _text_of(option: plan.Operand) -> str | None:
    if isinstance(option, plan.Constant) and option.kind == "text" and type(option.value) is str:
        return option.value
    return None


def _conjuncts(conditions: Iterable[plan.Expression]) -> Iterator[plan.Expression]:
    for condition in conditions:
        if isinstance(condition, plan.All):
            yield from _conjuncts(condition.operands)
        else:
            yield condition


def _matchers(entries: Sequence[Entry], currency: str | None) -> Iterator[Matcher]:
    for start in range(0, len(entries), _RULES_IN_A_FUNCTION):
        yield _matcher(entries[start : start + _RULES_IN_A_FUNCTION], currency)


def _matcher(entries: Sequence[Entry], currency: str | None) -> Matcher:
    writer = Writer(currency)
    writer.shared = _shared(entries)
    body: list[str] = []
    for entry in entries:
        writer.zone = entry.zone
        conditions = [writer.condition(condition) for condition in _conjuncts(entry.conditions)]
        call = f"hit({writer.bind(entry.number)})"
        body.append(f"if {' and '.join(conditions)}: {call}" if conditions else call)
    return build(writer, "e, c, x, hit", body)


def _shared(entries: Sequence[Entry]) -> frozenset[str]:
    if len(entries) < 2:
        return frozenset()
    seen = Counter(
        shape(part, entry.zone)
        for entry in entries
        for condition in _conjuncts(entry.conditions)
        for part in _parts(condition)
    )
    return frozenset(each for each, times in seen.items() if times > 1)


def _parts(condition: plan.Expression) -> Iterator[plan.Expression]:
    yield condition
    if isinstance(condition, plan.All | plan.Any):
        for operand in condition.operands:
            yield from _parts(operand)
    elif isinstance(condition, plan.Not):
        yield from _parts(condition.operand)
