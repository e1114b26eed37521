"""A time in whole hours, whose figures are added up already, and the parts of hours at its ends, which are counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_LAST_YEAR = 9999  # Python has no hour after it


@dataclass(frozen=True, slots=True)
class Part:
    """Less than an hour of messages."""

    sign: int  # 1: missing in the whole hours; -1: too much in them
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    first: datetime  # a whole hour (UTC)
    last: datetime  # exclusive
    days: tuple[datetime, datetime]  # the whole days (UTC) between them; none when both are `last`
    parts: tuple[Part, ...]


def hours_between(since: datetime, until: datetime) -> Hours:
    """Both ends go to the nearest whole hour: at most half an hour of messages is counted for each. The end of most
    reports is now, and between now and the next whole hour there are none."""
    since, until = since.astimezone(UTC), until.astimezone(UTC)
    first, last = _nearest_hour(since), _nearest_hour(until)
    parts = [
        Part(1, since, first) if since < first else Part(-1, first, since),
        Part(1, last, until) if last < until else Part(-1, until, last),
    ]
    return Hours(
        first=first,
        last=last,
        days=_whole_days(first, last),
        parts=tuple(part for part in parts if part.since != part.until),
    )


def _nearest_hour(at: datetime) -> datetime:
    hour = at.replace(minute=0, second=0, microsecond=0)
    return hour if at - hour <= _HOUR / 2 or hour.year == _LAST_YEAR else hour + _HOUR


def _whole_days(first: datetime, last: datetime) -> tuple[datetime, datetime]:
    begin, end = first.replace(hour=0), last.replace(hour=0)
    if begin < first and begin.year < _LAST_YEAR:
        begin += _DAY
    return (begin, end) if first <= begin < end else (last, last)
