"""A time in whole days, hours and quarters of hours, whose figures are added up already, and the parts of quarters at
its ends, which are counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from engine.storage.reports.figures import Stretch

QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
_LAST_YEAR = 9999  # Python has no quarter after it
_ERA = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Part:
    """Messages of half a quarter at most, or of half an hour where quarters are not known yet."""

    sign: int  # 1: missing between the borders; -1: too much in there
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Borders:
    stretches: tuple[Stretch, ...]  # each begins where the one before ends; any of them may be empty
    parts: tuple[Part, ...]


def borders_between(since: datetime, until: datetime, quarters_since: datetime | None = None) -> Borders:
    """Both ends go to the nearest quarter: at most seven and a half minutes of messages are counted for each, and none
    for days of any time zone. The end of most reports is now, and between now and the next quarter there are none.

    Before `quarters_since`, a whole hour, they go to the nearest hour; None: nowhere."""
    since, until = since.astimezone(UTC), until.astimezone(UTC)
    first, last = (
        _nearest(at, QUARTER if quarters_since is None or at >= quarters_since else HOUR) for at in (since, until)
    )
    first_hour, last_hour = _within(first, last, HOUR)
    first_day, last_day = _within(first_hour, last_hour, DAY)
    parts = [
        Part(1, since, first) if since < first else Part(-1, first, since),
        Part(1, last, until) if last < until else Part(-1, until, last),
    ]
    return Borders(
        stretches=(
            Stretch("quarter", first, first_hour),
            Stretch("hour", first_hour, first_day),
            Stretch("day", first_day, last_day),
            Stretch("hour", last_day, last_hour),
            Stretch("quarter", last_hour, last),
        ),
        parts=tuple(part for part in parts if part.since != part.until),
    )


def _nearest(at: datetime, length: timedelta) -> datetime:
    begin = at - (at - _ERA) % length
    return begin if at - begin <= length / 2 or begin.year == _LAST_YEAR else begin + length


def _within(first: datetime, last: datetime, length: timedelta) -> tuple[datetime, datetime]:
    """From the first whole one to the end of the last; both at the end where there is none."""
    begin, end = (at - (at - _ERA) % length for at in (first, last))
    if begin < first and begin.year < _LAST_YEAR:
        begin += length
    return (begin, end) if first <= begin < end else (last, last)
