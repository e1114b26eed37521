"""Windows for many customers at once: what differs between them is only their clock.

In one zone, what happened in some stretch of time leaves its window after one and the same while: 180 days and, when a
change of clocks lies between, an hour more. Those stretches are told here; near a change of clocks and at the ends of
months, where they do not hold, nothing is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from dsl.plan import Length
from engine.core import calendar
from engine.core.standing.leaving import leaves_at

_DAY = timedelta(days=1)
_NEAR = timedelta(hours=4)  # more than any clock was ever turned
_INSTANT = timedelta(microseconds=1)

Stretch = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Stays:
    """`bounds` are in order. What happened from the n-th on, but before the next one, stays for the n-th of `whiles`.

    None: it takes `leaves_at` to tell.
    """

    bounds: tuple[datetime, ...]
    whiles: tuple[timedelta | None, ...]


def stays_in(length: Length, zone: ZoneInfo, now: datetime) -> Stays:
    """For all that lies in the last `length` at `now`, and a day more on either side."""
    return _stays_in(length, zone, now.replace(hour=0, minute=0, second=0, microsecond=0))


@lru_cache(maxsize=4096)
def _stays_in(length: Length, zone: ZoneInfo, day: datetime) -> Stays:
    first, last = calendar.add(day, length, zone, sign=-1) - 2 * _DAY, day + 3 * _DAY
    if calendar.is_exact(length):
        return Stays((first,), (calendar.add(day, length, zone) - day,))
    unclear = [*_clock_changes(length, zone, first, last), *_ends_of_months(length, zone, first, last)]
    ends = {first, last, *(end for stretch in unclear for end in stretch if first < end < last)}
    cells = list(pairwise(sorted(ends)))
    return Stays(
        tuple(cell[0] for cell in cells),
        tuple(None if _lies_in(cell, unclear) else _while(cell, length, zone) for cell in cells),
    )


def _while(cell: Stretch, length: Length, zone: ZoneInfo) -> timedelta | None:
    begins, ends = cell
    found = set()
    for at in (begins, begins + (ends - begins) / 2, ends - _INSTANT):
        left = leaves_at(at, length, zone, now=at)
        found.add(left - at if left is not None else None)
    return found.pop() if len(found) == 1 else None


def _lies_in(cell: Stretch, stretches: list[Stretch]) -> bool:
    middle = cell[0] + (cell[1] - cell[0]) / 2
    return any(begins <= middle < ends for begins, ends in stretches)


def _clock_changes(length: Length, zone: ZoneInfo, first: datetime, last: datetime) -> list[Stretch]:
    """Around those between the two, and around what leaves its window at one."""
    changes = _changes(zone, first, calendar.add(last, length, zone) + _DAY)
    back = [calendar.add(change, length, zone, sign=-1) for change in changes]
    return [(at - _NEAR, at + _NEAR) for at in (*changes, *back)]


@lru_cache(maxsize=4096)
def _changes(zone: ZoneInfo, first: datetime, last: datetime) -> tuple[datetime, ...]:
    """When the clocks of the zone are turned, to the minute; two of them are more than a day apart."""
    days = [first + number * _DAY for number in range((last - first).days + 2)]
    offsets = [day.astimezone(zone).utcoffset() for day in days]
    return tuple(
        _change_between(zone, day, day + _DAY)
        for day, offset, following in zip(days, offsets, offsets[1:], strict=False)
        if offset != following
    )


def _change_between(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


def _ends_of_months(length: Length, zone: ZoneInfo, first: datetime, last: datetime) -> list[Stretch]:
    """A length of months is clamped there (S10); and each month has another number of days."""
    if length.unit not in ("month", "year"):
        return []
    begin = first.astimezone(zone).date().replace(day=1)
    months = range((last - first).days // 28 + 2)
    firsts = [calendar.shift(begin, Length(number, "month")) for number in months]
    return [
        (_midnight(calendar.shift(each, Length(27, "day")), zone), _midnight(_next(each), zone) + _NEAR)
        for each in firsts
    ]


def _next(month: date) -> date:
    return calendar.shift(month, Length(1, "month"))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return calendar.resolve(datetime.combine(day, time(0)), zone).astimezone(UTC)
