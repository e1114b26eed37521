"""A time in whole days, hours and quarters of hours, whose figures are added up already, and the parts of quarters at
its ends, which are counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
_LAST_YEAR = 9999  # Python has no quarter after it
_ERA = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Part:
    """Less than a quarter of an hour of messages."""

    sign: int  # 1: missing between the borders; -1: too much in there
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Borders:
    """Of UTC. Each of them may be the one before."""

    first: datetime  # a whole quarter, as `last`
    first_hour: datetime
    first_day: datetime
    last_day: datetime
    last_hour: datetime
    last: datetime
    parts: tuple[Part, ...]

    @property
    def all(self) -> tuple[datetime, ...]:
        return self.first, self.first_hour, self.first_day, self.last_day, self.last_hour, self.last


def borders_between(since: datetime, until: datetime) -> Borders:
    """Both ends go to the nearest quarter: at most seven and a half minutes of messages are counted for each, and none
    for days of any time zone. The end of most reports is now, and between now and the next quarter there are none."""
    since, until = since.astimezone(UTC), until.astimezone(UTC)
    first, last = _nearest_quarter(since), _nearest_quarter(until)
    first_hour, last_hour = _within(first, last, HOUR)
    first_day, last_day = _within(first_hour, last_hour, DAY)
    parts = [
        Part(1, since, first) if since < first else Part(-1, first, since),
        Part(1, last, until) if last < until else Part(-1, until, last),
    ]
    return Borders(
        first=first,
        first_hour=first_hour,
        first_day=first_day,
        last_day=last_day,
        last_hour=last_hour,
        last=last,
        parts=tuple(part for part in parts if part.since != part.until),
    )


def _nearest_quarter(at: datetime) -> datetime:
    quarter = at - (at - _ERA) % QUARTER
    return quarter if at - quarter <= QUARTER / 2 or quarter.year == _LAST_YEAR else quarter + QUARTER


def _within(first: datetime, last: datetime, length: timedelta) -> tuple[datetime, datetime]:
    """From the first whole one to the end of the last; both at the end where there is none."""
    begin, end = (at - (at - _ERA) % length for at in (first, last))
    if begin < first and begin.year < _LAST_YEAR:
        begin += length
    return (begin, end) if first <= begin < end else (last, last)
