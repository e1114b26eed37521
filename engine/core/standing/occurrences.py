"""When a schedule or a date comes next, in one customer's zone."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from dsl import plan
from engine.core import calendar

_FIRST_WEEK = date(2024, 1, 1)  # a Monday


class Times(NamedTuple):
    """When a `plan.ScheduleTrigger` comes."""

    time: str
    weekdays: tuple[int, ...]
    every_weeks: int
    monthly: bool
    yearly: tuple[int, int] | None
    date: str | None
    day: int | None


def next_occurrence(
    trigger: plan.ScheduleTrigger, after: datetime, zone: ZoneInfo, *, leap_day: str
) -> datetime | None:
    """The first moment strictly after `after`; None: there is none any more."""
    return _next(_plain(trigger), after, zone, leap_day)


def _plain(trigger: plan.ScheduleTrigger) -> Times:
    """Without the audience: what remains is told apart at once."""
    days = (trigger.weekdays, trigger.every_weeks, trigger.monthly, trigger.yearly, trigger.date, trigger.day)
    return Times(trigger.time, *days)


# A mailing asks the same for everybody of one zone.
@lru_cache(maxsize=4096)
def _next(times: Times, after: datetime, zone: ZoneInfo, leap_day: str) -> datetime | None:
    at = time.fromisoformat(times.time)
    for day in _days(times, after.astimezone(zone).date(), leap_day):
        moment = calendar.resolve(datetime.combine(day, at), zone)
        if moment > after:
            return moment if moment < calendar.FAR else None
    return None


def _days(trigger: Times, today: date, leap_day: str) -> Iterator[date]:
    """The days it falls on, from today's on and at least two of them."""
    if trigger.date is not None:
        yield date.fromisoformat(trigger.date)
    elif trigger.yearly is not None:
        yield from _yearly(trigger.yearly, today, leap_day)
    elif trigger.monthly:
        yield from _monthly(trigger.day, today)
    else:
        yield from _weekly(trigger, today)


def _weekly(trigger: Times, today: date) -> Iterator[date]:
    for ahead in range(7 * (max(1, trigger.every_weeks) + 1) + 1):
        day = today + timedelta(days=ahead)
        week = (day - _FIRST_WEEK).days // 7
        if day.isoweekday() in trigger.weekdays and week % max(1, trigger.every_weeks) == 0:
            yield day


def _monthly(day: int | None, today: date) -> Iterator[date]:
    """A day that the month does not have is its last one (S10)."""
    for ahead in range(3):
        year, month = divmod(today.year * 12 + today.month - 1 + ahead, 12)
        last = monthrange(year, month + 1)[1]
        yield date(year, month + 1, min(day or last, last))


def _yearly(anniversary: tuple[int, int], today: date, leap_day: str) -> Iterator[date]:
    month, day = anniversary
    for year in range(today.year, min(today.year + 3, 9999)):
        yield calendar.yearly(date(2024, month, day), year, leap_day=leap_day)
