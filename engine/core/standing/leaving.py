"""When something that happened leaves a window that slides with the time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dsl.plan import Length
from engine.core import calendar

_INSTANT = timedelta(microseconds=1)
_MONTH_ENDS = timedelta(days=4)  # by how much a window of months may be longer than the step from its start


def leaves_at(at: datetime, length: Length, zone: ZoneInfo, *, now: datetime) -> datetime | None:
    """The first instant after `now` when `at` no longer lies within the last `length`; None: it does not by now."""
    if calendar.add(now, length, zone, sign=-1) >= at:
        return None
    guess = calendar.add(at, length, zone)
    if calendar.is_exact(length) or _is_border(guess, at, length, zone):
        return guess
    low, high = now, max(now, guess) + _MONTH_ENDS
    if calendar.add(high, length, zone, sign=-1) < at:
        return None
    while high - low > _INSTANT:
        middle = low + (high - low) // 2
        if calendar.add(middle, length, zone, sign=-1) >= at:
            high = middle
        else:
            low = middle
    return high.astimezone(UTC)


def _is_border(guess: datetime, at: datetime, length: Length, zone: ZoneInfo) -> bool:
    """Most often true: no end of a month or jump of the clock lies between."""
    before = calendar.add(guess - _INSTANT, length, zone, sign=-1)
    return before < at <= calendar.add(guess, length, zone, sign=-1)
