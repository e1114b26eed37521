"""One moment in one zone, and the windows that end there: the same for all customers of a batch that live in it."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from dsl.plan import Length
from engine.core import calendar
from engine.core.standing.leaving import leaves_at
from engine.core.standing.windows import Stays, stays_in


class Clock:
    """Get it from `clock_of`. Lengths are told apart by identity: a plan has each of them once, and hashing one costs
    more than what is looked up. Who asks keeps them alive."""

    __slots__ = ("_ago", "_stays", "now", "zone")

    def __init__(self, now: datetime, zone: ZoneInfo) -> None:
        self.now = now
        self.zone = zone
        self._ago: dict[int, tuple[Length, datetime]] = {}
        self._stays: dict[int, tuple[Length, Stays]] = {}

    def ago(self, length: Length) -> datetime:
        known = self._ago.get(id(length))
        if known is None:
            known = self._ago[id(length)] = (length, calendar.add(self.now, length, self.zone, sign=-1))
        return known[1]

    def leaves(self, at: datetime, length: Length) -> datetime | None:
        """When what happened `at`, and lies in the last `length`, leaves it. Most often the zone's clock tells how long
        everything of that time stays."""
        known = self._stays.get(id(length))
        if known is None:
            known = self._stays[id(length)] = (length, stays_in(length, self.zone, self.now))
        stays = known[1]
        place = bisect_right(stays.bounds, at) - 1
        stay = stays.whiles[place] if place >= 0 else None
        return at + stay if stay is not None else leaves_at(at, length, self.zone, now=self.now)


# A batch has one moment for all of its customers, and few zones. More are kept for worlds in which time passes.
clock_of = lru_cache(maxsize=256)(Clock)
