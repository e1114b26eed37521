"""Values of a customer's history: counts, sums and averages, the last value, the days since.

A window reaches from just after its length ago up to now: what happened exactly that long ago is outside, and so is
what lies ahead. Days and longer are calendar, in the zone of the rule or customer (S7).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from operator import attrgetter
from typing import Any, Literal, TypeAlias
from zoneinfo import ZoneInfo

from dsl.plan import JSON, Length
from engine.core import values
from engine.core.model import Past
from engine.core.values import MICRO, NAN, Amount, Number, Values

#: Past events by name, oldest first; equal times in the order in which they were decided.
History: TypeAlias = Mapping[str, Sequence[Past]]
#: (the counted event, the customer's attributes, the scope, the event outside) -> whether it counts.
Where: TypeAlias = Callable[[Values, Values, Any, Values], bool]
Result: TypeAlias = "Number | Fraction | Amount | None"

#: Of one customer and event name, this many of the newest are read, and older ones do not count.
MOST_EVENTS = 10_000

_at = attrgetter("at")
_NOTHING: tuple[Past, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tallying:
    """A `plan.Tally` whose condition is a function."""

    key: str  # equal for tallies that mean the same
    function: Literal["count", "sum", "average"]
    event: str
    path: tuple[str, ...]
    is_money: bool
    currency: str | None  # None: of the amount that it is compared with
    workspace_currency: str | None
    where: Where | None
    reads_outside: bool  # the condition looks at the event outside, so each run has its own result
    within: Length | None
    zone: ZoneInfo | None

    def over(self, events: Iterable[Values], currency: str | None) -> Result:
        """The result over the counted events' properties."""
        if self.function == "count":
            return sum(1 for _ in events)
        if self.is_money:
            return self._of_money(events, self.currency or currency)
        known = [number for each in events if (number := values.number(values.dig(each, self.path))) == number]
        if self.function == "sum":
            return plain(exact_sum(known))
        return plain(Fraction(exact_sum(known)) / len(known)) if known else NAN

    def _of_money(self, events: Iterable[Values], currency: str | None) -> Amount | None:
        if currency is None:
            return None
        amounts = (values.money(values.dig(each, self.path), each, self.workspace_currency) for each in events)
        known = [amount[1] for amount in amounts if amount is not None and amount[0] == currency]
        if self.function == "sum":
            return currency, sum(known)
        if not known:
            return None
        mean = Fraction(sum(known)) / len(known)
        return currency, mean.numerator if mean.denominator == 1 else mean


def exact_sum(numbers: Iterable[Number]) -> int | Fraction:
    """Of the numbers as they are written, so that 0.1 and 0.2 are 0.3."""
    return sum(Fraction(Decimal(repr(each))) if type(each) is float else int(each) for each in numbers)


def plain(exact: int | Fraction) -> Number | Fraction:
    """An int, or the nearest float: what a number in a rule is compared as."""
    if exact.denominator == 1:
        return exact.numerator
    try:
        return float(exact)
    except OverflowError:
        return exact


def as_json(result: Result) -> JSON:
    """What templates, emitted events and attributes are given; None for what is unknown."""
    if isinstance(result, tuple):
        currency, millionths = result
        return {"amount": _decimal(Fraction(millionths) / MICRO), "currency": currency}
    if result is None or result != result:
        return None
    return result if isinstance(result, int | float) else int(result)


def _decimal(amount: Fraction) -> str:
    """With as many decimals as there are, at least 2 and at most 6."""
    written = f"{Decimal(round(amount * MICRO)) / MICRO:.6f}"
    return written[:-4] + written[-4:].rstrip("0")


def between(events: Sequence[Past], since: datetime | None, until: datetime) -> Sequence[Past]:
    """Those strictly after `since` (None: since ever), up to `until`."""
    first = up_to(events, since) if since is not None else 0
    return events[first : up_to(events, until)]


def how_many(events: Sequence[Past], since: datetime | None, until: datetime) -> int:
    """As many as `between` gives."""
    first = up_to(events, since) if since is not None else 0
    return max(0, up_to(events, until) - first)


def up_to(events: Sequence[Past], moment: datetime) -> int:
    """How many lie up to that moment."""
    count = len(events)
    if not count or events[0].at > moment:
        return 0  # most often: no more is read than the longest window holds
    return count if events[-1].at <= moment else bisect_right(events, moment, key=_at)


def since(events: Sequence[Past], moment: datetime) -> Sequence[Past]:
    """From that moment on."""
    return events[bisect_left(events, moment, key=_at) :]


def with_event(history: dict[str, tuple[Past, ...]], name: str, past: Past) -> dict[str, tuple[Past, ...]]:
    """With one event more, in its place; after those of the same time."""
    events = history.get(name, _NOTHING)
    if not events or events[-1].at <= past.at:
        return {**history, name: (*events, past)}
    place = bisect_right(events, past.at, key=_at)
    return {**history, name: (*events[:place], past, *events[place:])}


def of_name(history: History, name: str) -> Sequence[Past]:
    return history.get(name, _NOTHING)
