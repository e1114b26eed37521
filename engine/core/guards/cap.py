"""No more than so many messages in a while. A day or longer is counted in calendar days of the customer, hours roll
(D13)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dsl.plan import Length
from engine.core import calendar
from engine.core.delivery.limits import CountedCap
from engine.core.guards.facts import Block, Counted, MessageFacts

_UTC = ZoneInfo("UTC")
_DAY = timedelta(days=1)


def check_caps(facts: MessageFacts, now: datetime) -> Block | None:
    """A cap that skips decides before those that defer; of these the one that has room last."""
    blocks = [block for cap in facts.caps if (block := _check(cap, facts, now)) is not None]
    if not blocks:
        return None
    skipped = next((block for block in blocks if block.retry_at is None), None)
    return skipped or max(blocks, key=lambda block: block.retry_at or now)


def window_start(per: Length, now: datetime, zone: ZoneInfo) -> datetime:
    """From when on messages count: `per 7 days` is today and the six days before it. A message exactly as old as a
    window of hours does not count any more."""
    if calendar.is_exact(per):
        return calendar.add(now, per, zone, sign=-1) + timedelta(microseconds=1)
    return _midnight(_first_day(now.astimezone(zone).date(), per), zone)


def earliest_start(caps: Sequence[CountedCap], now: datetime) -> datetime:
    """How far back the messages must be known, whatever the zone."""
    return min(window_start(cap.per, now, _UTC) for cap in caps) - _DAY


def _check(cap: CountedCap, facts: MessageFacts, now: datetime) -> Block | None:
    if cap.channel not in (None, facts.channel) or cap.topic not in (None, facts.topic):
        return None
    zone = facts.zone if isinstance(facts.zone, ZoneInfo) else _UTC
    since = window_start(cap.per, now, zone)
    times = sorted(each.at for each in _counted_by(cap, facts) if each.at >= since)
    if len(times) < cap.limit:
        return None
    return Block(cap.reason, retry_at=_room_at(cap.per, times[-cap.limit], zone) if cap.defers else None)


def _counted_by(cap: CountedCap, facts: MessageFacts) -> Iterator[Counted]:
    for each in facts.counted:
        of_it = each.rule == cap.rule if cap.rule is not None else not each.transactional
        if of_it and cap.channel in (None, each.channel) and cap.topic in (None, each.topic):
            yield each


def _room_at(per: Length, leaving: datetime, zone: ZoneInfo) -> datetime:
    """When a message of that time is out of the window."""
    if calendar.is_exact(per):
        return calendar.add(leaving, per, zone)
    left = leaving.astimezone(zone).date()
    day = calendar.shift(left, per)
    while _first_day(day, per) <= left:
        day += _DAY
    return _midnight(day, zone)


def _first_day(today: date, per: Length) -> date:
    return calendar.shift(today, per, sign=-1) + _DAY


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return calendar.resolve(datetime.combine(day, time(0)), zone)
