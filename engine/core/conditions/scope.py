"""What a condition can see besides the event and the customer's attributes: the time, the history, the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeAlias
from zoneinfo import ZoneInfo

from dsl.plan import Expression, Length
from engine.core import calendar
from engine.core.clock import clock_of
from engine.core.conditions.history import History, Result, Tallying, between, how_many, of_name
from engine.core.model import Customer, Properties
from engine.core.values import EPOCH, NAN, Number, Values, dig, micros

_NO_HISTORY: History = {}


class Asked(Protocol):
    """A segment's condition as a function."""

    @property
    def condition(self) -> Expression: ...

    @property
    def holds(self) -> Callable[[Values, Values, Any], bool]: ...


#: By name; the definitions of one rule set.
Segments: TypeAlias = Mapping[str, Asked]
_NO_SEGMENTS: Segments = {}


class Scope:
    """One moment of one customer. `zone` None in a method is the customer's, and a rule's own zone otherwise."""

    __slots__ = (
        "_held", "_results", "arrived", "began", "clock", "history", "issued", "leap_day", "now", "seen", "segments",
        "zone",
    )  # fmt: skip

    def __init__(
        self,
        *,
        now: datetime,
        zone: ZoneInfo,
        seen: Mapping[str, datetime],
        history: History = _NO_HISTORY,
        leap_day: str = "28 february",
        segments: Segments = _NO_SEGMENTS,
    ) -> None:
        self.now = now
        self.zone = zone
        self.seen = seen
        self.history = history
        self.leap_day = leap_day
        self.segments = segments
        self.began = now
        self.arrived = False
        self.issued = False
        self.clock = clock_of(now, zone)
        self._held: dict[Asked, bool] = {}
        self._results: dict[tuple[str, str | None], Result] = {}  # of tallies: the same for all rules at this moment

    def of_run(self, began: datetime, *, arrived: bool | None, issued: bool = False) -> Scope:
        """The same moment, seen from a run."""
        self.began = began
        self.arrived = arrived is True
        self.issued = issued
        return self

    def ago(self, length: Length, zone: ZoneInfo | None) -> datetime:
        return (self.clock if zone is None else clock_of(self.now, zone)).ago(length)

    def happened(self, event: str) -> bool:
        at = self.seen.get(event)
        return at is not None and at > self.began

    def happened_within(self, event: str, length: Length, zone: ZoneInfo | None) -> bool:
        at = self.seen.get(event)
        return at is not None and at > self.ago(length, zone)

    def in_segment(self, name: str, attributes: Values) -> bool:
        """By the definition of the run's own rule set; computed once for this moment."""
        code = self.segments.get(name)
        if code is None:
            return False
        held = self._held.get(code)
        if held is None:
            self._held[code] = False  # a circle of segments, which no check lets through, holds for nobody
            held = self._held[code] = code.holds({}, attributes, self)
        return held

    def tally(
        self,
        code: Tallying,
        attributes: Values,
        outside: Values,
        currency: str | None = None,
    ) -> Result:
        """`currency` is that of the amount it is compared with, where the tally itself names none."""
        if code.reads_outside:
            return self._count(code, attributes, outside, currency)
        key = (code.key, currency)
        if key not in self._results:
            self._results[key] = self._count(code, attributes, outside, currency)
        return self._results[key]

    def _count(self, code: Tallying, attributes: Values, outside: Values, currency: str | None) -> Result:
        after = self.ago(code.within, code.zone) if code.within is not None else None
        known, where = of_name(self.history, code.event), code.where
        if where is None and code.function == "count":
            return how_many(known, after, self.now)
        events = between(known, after, self.now)
        chosen = (each.properties for each in events)
        if where is not None:
            chosen = (each for each in chosen if where(each, attributes, self, outside))
        return code.over(chosen, currency)

    def last(self, event: str) -> Values:
        """The properties of the newest one by its own time; empty without any."""
        events = self.history.get(event)
        return events[-1].properties if events else {}

    def last_value(self, event: str, path: tuple[str, ...]) -> object:
        return dig(self.last(event), path)

    def days_since(self, event: str, zone: ZoneInfo | None) -> Number:
        """Midnights between, on the clock of the zone: yesterday evening is one day ago this morning."""
        at = self.seen.get(event)
        return self.today(zone) - at.astimezone(zone or self.zone).toordinal() if at is not None else NAN

    def moment_in_last(self, at: Number, length: Length, zone: ZoneInfo | None) -> bool:
        return micros(self.ago(length, zone)) < at <= micros(self.now)

    def day_in_last(self, day: Number, length: Length, zone: ZoneInfo | None) -> bool:
        """A date counts as its midnight in the zone."""
        since = self.ago(length, zone).astimezone(zone or self.zone).toordinal()
        return since < day <= self.today(zone)

    def anniversary_in_last(self, day: Number, length: Length, zone: ZoneInfo | None) -> bool:
        if day != day:
            return False
        today = datetime.fromordinal(self.today(zone)).date()
        born = datetime.fromordinal(int(day)).date()
        years = (today.year, today.year - 1)
        passed = [calendar.yearly(born, year, leap_day=self.leap_day) for year in years if year > 0]
        newest = max((each for each in passed if each <= today), default=None)
        return newest is not None and self.day_in_last(newest.toordinal(), length, zone)

    def today(self, zone: ZoneInfo | None) -> int:
        return self.now.astimezone(zone or self.zone).toordinal()

    def day_of(self, at: Number, zone: ZoneInfo | None) -> Number:
        """The day in the zone of a moment in microseconds."""
        try:
            return (EPOCH + timedelta(microseconds=at)).astimezone(zone or self.zone).toordinal()
        except (ValueError, OverflowError):
            return NAN


def attributes_of(customer: Customer) -> Properties:
    """What rules and templates see as `customer.…`. The built-in names win over attributes of the same name."""
    return {
        **customer.attributes,
        "id": customer.key.partition(":")[2],
        "email": customer.email,
        "phone": customer.phone,
        "timezone": customer.timezone,
        "locale": customer.locale,
        "tags": [*sorted(customer.tags)],
        "points": customer.points,
    }
