"""When a schedule or a date comes next, in one customer's zone."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dsl import plan
from engine.core import calendar

_FIRST_WEEK = date(2024, 1, 1)  # a Monday


def next_occurrence(
    trigger: plan.ScheduleTrigger, after: datetime, zone: ZoneInfo, *, leap_day: str
) -> datetime | None:
    """The first moment strictly after `after`; None: there is none any more."""
    at = time.fromisoformat(trigger.time)
    for day in _days(trigger, after.astimezone(zone).date(), leap_day):
        moment = calendar.resolve(datetime.combine(day, at), zone)
        if moment > after:
            return moment if moment < calendar.FAR else None
    return None


def _days(trigger: plan.ScheduleTrigger, today: date, leap_day: str) -> Iterator[date]:
    """The days it falls on, from today's on and at least two of them."""
    if trigger.date is not None:
        yield date.fromisoformat(trigger.date)
    elif trigger.yearly is not None:
        yield from _yearly(trigger.yearly, today, leap_day)
    elif trigger.monthly:
        yield from _monthly(trigger.day, today)
    else:
        yield from _weekly(trigger, today)


def _weekly(trigger: plan.ScheduleTrigger, today: date) -> Iterator[date]:
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
