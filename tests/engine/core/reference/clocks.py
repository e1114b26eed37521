"""Windows on the wall clock, found by trying."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from dsl.plan import Length

EXACT = {"second": 1, "minute": 60, "hour": 3600}


def ago(now: datetime, length: Length, zone: ZoneInfo) -> datetime:
    if length.unit in EXACT:
        return now - timedelta(seconds=EXACT[length.unit] * length.amount)
    local = now.astimezone(zone)
    day = day_ago(local.date(), length)
    return first_instant(datetime.combine(day, local.time()), zone)


def day_ago(day: date, length: Length) -> date:
    if length.unit == "day":
        return day - timedelta(days=length.amount)
    if length.unit == "week":
        return day - timedelta(days=7 * length.amount)
    months = length.amount * (12 if length.unit == "year" else 1)
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year - 1, 12) if month == 1 else (year, month - 1)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def first_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """When clocks show this time for the first time; where they jump over it, when they have jumped."""
    guesses = sorted({wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)})
    for guess in guesses:
        if guess.astimezone(zone).replace(tzinfo=None) == wall:
            return guess
    instant = guesses[0].replace(microsecond=0)
    while instant.astimezone(zone).replace(tzinfo=None) < wall:
        instant += timedelta(seconds=1)
    return instant


def anniversary(born: date, year: int, leap_day: str) -> date:
    if (born.month, born.day) == (2, 29) and monthrange(year, 2)[1] == 28:
        return date(year, 3, 1) if leap_day == "1 march" else date(year, 2, 28)
    return date(year, born.month, born.day)
