"""What a condition can see besides the event and the customer's attributes: the time, the history, the run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dsl.plan import Length
from engine.core import calendar
from engine.core.model import Customer
from engine.core.values import EPOCH, NAN, Number, micros


class Scope:
    """One moment of one customer. `zone` None in a method is the customer's, and a rule's own zone otherwise."""

    __slots__ = ("_ago", "arrived", "began", "leap_day", "now", "seen", "zone")

    def __init__(
        self, *, now: datetime, zone: ZoneInfo, seen: Mapping[str, datetime], leap_day: str = "28 february"
    ) -> None:
        self.now = now
        self.zone = zone
        self.seen = seen
        self.leap_day = leap_day
        self.began = now
        self.arrived = False
        self._ago: dict[tuple[Length, ZoneInfo], datetime] = {}

    def of_run(self, began: datetime, *, arrived: bool | None) -> Scope:
        """The same moment, seen from a run."""
        self.began = began
        self.arrived = arrived is True
        return self

    def ago(self, length: Length, zone: ZoneInfo | None) -> datetime:
        known = self._ago.get((length, zone or self.zone))
        if known is None:
            known = calendar.add(self.now, length, zone or self.zone, sign=-1)
            self._ago[length, zone or self.zone] = known
        return known

    def happened(self, event: str) -> bool:
        at = self.seen.get(event)
        return at is not None and at > self.began

    def happened_within(self, event: str, length: Length, zone: ZoneInfo | None) -> bool:
        at = self.seen.get(event)
        return at is not None and at > self.ago(length, zone)

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


def attributes_of(customer: Customer) -> dict[str, Any]:
    """What rules and templates see as `customer.…`. The built-in names win over attributes of the same name."""
    return {
        **customer.attributes,
        "id": customer.key.partition(":")[2],
        "email": customer.email,
        "phone": customer.phone,
        "timezone": customer.timezone,
        "locale": customer.locale,
        "tags": sorted(customer.tags),
    }
