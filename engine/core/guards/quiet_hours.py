"""Nobody is woken: a message that falls into quiet hours waits for their end, by the customer's clock (S18)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from types import MappingProxyType
from zoneinfo import ZoneInfo

from dsl.plan import QuietHours
from engine.core import calendar
from engine.core.guards.facts import Block, MessageFacts
from engine.core.reasons.of_guards import ALWAYS_QUIET, HOLIDAY, QUIET_HOURS

_DAY = timedelta(days=1)
_NONE: Mapping[date, str] = MappingProxyType({})
#: Two quiet hours may follow each other; more rounds than this mean that together they fill the day.
_MOST_ROUNDS = 4
#: With holidays: some countries have a week of them.
_MOST_DAYS = 21


def check_quiet_hours(facts: MessageFacts, now: datetime) -> Block | None:
    if not facts.quiet_hours and not facts.holidays:
        return None
    end = end_of_quiet(facts.quiet_hours, now, facts.zone, holidays=facts.holidays)
    if end is None:
        return Block(ALWAYS_QUIET.recorded)
    name = facts.holidays.get(now.astimezone(facts.zone).date())
    reason = HOLIDAY.of(name=name) if name is not None else QUIET_HOURS.recorded
    return Block(reason, retry_at=end) if end > now else None


def end_of_quiet(
    hours: Sequence[QuietHours], now: datetime, zone: tzinfo, *, holidays: Mapping[date, str] = _NONE
) -> datetime | None:
    """The first moment from `now` on that lies in none of them, nor on a holiday; None when there is none."""
    moment = now
    for _ in range(_MOST_ROUNDS * (_MOST_DAYS if holidays else 1)):
        ends = [end for each in hours if (end := _end(each, moment, zone)) is not None]
        today = moment.astimezone(zone).date()
        if today in holidays:
            ends.append(_instant(today + _DAY, time(0), zone))
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
