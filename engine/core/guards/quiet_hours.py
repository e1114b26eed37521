"""Nobody is woken: a message that falls into quiet hours waits for their end, by the customer's clock (S18)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from dsl.plan import QuietHours
from engine.core import calendar
from engine.core.guards.facts import Block, MessageFacts

REASON = "quiet hours"
_DAY = timedelta(days=1)
#: Two quiet hours may follow each other; more rounds than this mean that together they fill the day.
_MOST_ROUNDS = 4


def check_quiet_hours(facts: MessageFacts, now: datetime) -> Block | None:
    if not facts.quiet_hours:
        return None
    end = end_of_quiet(facts.quiet_hours, now, facts.zone)
    if end is None:
        return Block(f"{REASON}: all day long")
    return Block(REASON, retry_at=end) if end > now else None


def end_of_quiet(hours: Sequence[QuietHours], now: datetime, zone: tzinfo) -> datetime | None:
    """The first moment from `now` on that lies in none of them; None when there is none."""
    moment = now
    for _ in range(_MOST_ROUNDS):
        ends = [end for each in hours if (end := _end(each, moment, zone)) is not None]
        if not ends:
            return moment
        moment = max(ends)
    return None


def _end(hours: QuietHours, moment: datetime, zone: tzinfo) -> datetime | None:
    """When the quiet hours that `moment` lies in are over. Compared as instants: a clock that is put back at night
    shows the same hour twice, and quiet hours end the first time."""
    start, end = time.fromisoformat(hours.start), time.fromisoformat(hours.end)
    today = moment.astimezone(zone).date()
    for day in (today - _DAY, today):
        over = _instant(day if start < end else day + _DAY, end, zone)
        if _instant(day, start, zone) <= moment < over:
            return over
    return None


def _instant(day: date, at: time, zone: tzinfo) -> datetime:
    wall = datetime.combine(day, at)
    return calendar.resolve(wall, zone) if isinstance(zone, ZoneInfo) else wall.replace(tzinfo=zone)
