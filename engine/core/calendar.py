"""Moments in a customer's zone. Seconds to hours are exact; days and longer keep the wall time (S7).

A wall time inside a gap of daylight saving is the first instant after it; one that comes twice is the first (S9).
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dsl.plan import Length

#: Past every date that matters, and far enough from the last one of `datetime` for any zone.
FAR = datetime(9999, 12, 1, tzinfo=UTC)
LONG_AGO = datetime(1, 2, 1, tzinfo=UTC)

#: Events older than this on arrival start nothing, unless the schema says otherwise (S15).
LATE_AFTER = Length(72, "hour")

_EXACT = {"second": timedelta(seconds=1), "minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}
_TURNED = timedelta(hours=28)


@lru_cache(maxsize=1024)
def zone_named(name: str | None) -> ZoneInfo | None:
    """The zone of an IANA name, or None if there is none: names come from clients."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None


def is_exact(length: Length) -> bool:
    return length.unit in _EXACT


def add(moment: datetime, length: Length, zone: ZoneInfo, *, sign: int = 1) -> datetime:
    """`moment` plus (or, with sign -1, minus) a length, in UTC. Beyond the calendar it is its last or first day."""
    try:
        if length.unit in _EXACT:
            moved = moment + _EXACT[length.unit] * (sign * length.amount)
            return moved if LONG_AGO <= moved <= FAR else _clamp(moved)
        wall = moment.astimezone(zone).replace(tzinfo=None)
        return resolve(datetime.combine(shift(wall.date(), length, sign=sign), wall.time()), zone)
    except OverflowError:
        return FAR if sign > 0 else LONG_AGO


def at_least(length: Length) -> timedelta:
    """No moment plus the length is less than that much later, in any zone: clocks are turned, and days left out."""
    if length.unit in _EXACT:
        return _EXACT[length.unit] * length.amount
    days = _DAYS[length.unit] * length.amount if length.unit in _DAYS else 28 * _MONTHS[length.unit] * length.amount
    return max(timedelta(days=days) - _TURNED, timedelta(0))


def shift(day: date, length: Length, *, sign: int = 1) -> date:
    """A date moved by a calendar length; the end of a shorter month clamps it (S10)."""
    amount = sign * length.amount
    if length.unit in _DAYS:
        return day + timedelta(days=_DAYS[length.unit] * amount)
    months = day.year * 12 + day.month - 1 + _MONTHS[length.unit] * amount
    year, month = divmod(months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError("date value out of range")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def resolve(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, when clocks in `zone` show `wall` (naive) for the first time, or first pass it."""
    if not LONG_AGO.year < wall.year < FAR.year:
        return FAR if wall.year >= FAR.year else LONG_AGO
    instant = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    return _end_of_gap(wall.replace(tzinfo=zone, fold=1).astimezone(UTC), instant, zone)


def _end_of_gap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first instant with the offset of `after`, found between the two to the second."""
    offset = after.astimezone(zone).utcoffset()
    low, high = int(before.timestamp()), int(after.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return datetime.fromtimestamp(high, UTC)


def next_clock(after: datetime, at: time, zone: ZoneInfo, *, weekdays: tuple[int, ...], tomorrow: bool) -> datetime:
    """The next `at` strictly after a moment, on one of the ISO `weekdays` (empty: any) (S23)."""
    today = after.astimezone(zone).date()
    for ahead in range(1 if tomorrow else 0, 9):
        day = today + timedelta(days=ahead)
        if weekdays and day.isoweekday() not in weekdays:
            continue
        instant = resolve(datetime.combine(day, at), zone)
        if instant > after:
            return instant
    return FAR


def yearly(day: date, year: int, *, leap_day: str) -> date:
    """The anniversary of a date in `year`; a 29 February follows the workspace's switch (S11)."""
    if (day.month, day.day) != (2, 29) or monthrange(year, 2)[1] == 29:
        return day.replace(year=year)
    return date(year, 3, 1) if leap_day == "1 march" else date(year, 2, 28)


def _clamp(moment: datetime) -> datetime:
    return min(max(moment, LONG_AGO), FAR)
