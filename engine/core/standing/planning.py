"""For which moment a customer's appointment is made. The moments of rules: S8 to S13."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

from dsl import plan
from engine.core import calendar
from engine.core.conditions.program import RuleCode
from engine.core.model import Appointment
from engine.core.runs.draft import Draft
from engine.core.runs.waits import Place, dated_moment
from engine.core.standing.index import Wake, Why
from engine.core.standing.occurrences import next_occurrence

#: A moment, and what tells it from others of the same rule: its day, or the time of the last event.
Planned: TypeAlias = "tuple[datetime, str]"

_INSTANT = timedelta(microseconds=1)


def plan_appointment(draft: Draft, wake: Wake, known: Appointment | None, why: Why) -> Appointment:
    """When the customer has moved, the moment that was waited for goes with the clock (S8). A publication catches up
    with nothing."""
    done = known.done if known is not None else ""
    pending = known if known is not None and known.at is not None and known.definition == wake.definition else None
    if wake.key[0] == "inactivity":
        found = _silence(draft, wake.rule, _earliest(draft, wake, why), done=done, pending=pending)
    else:
        after = _earliest(draft, wake, why)
        if why == "moved" and pending is not None and pending.occasion:
            after = min(after, _start_of(pending.occasion, draft.zone_of(wake.rule)) - _INSTANT)
        found = _next(draft, wake.rule, after, done=done)
    at, occasion = found if found is not None else (None, "")
    errand, name = wake.key
    return Appointment(errand=errand, name=name, at=at, definition=wake.definition, occasion=occasion, done=done)


def newest_until(draft: Draft, code: RuleCode, appointment: Appointment, horizon: datetime) -> Planned:
    """What came due at an appointment: of several that were missed the last one."""
    assert appointment.at is not None
    newest = (appointment.at, appointment.occasion)
    while (following := _next(draft, code, newest[0], done=newest[1])) is not None and following[0] <= horizon:
        newest = following
    return newest


def _earliest(draft: Draft, wake: Wake, why: Why) -> datetime:
    """A moment that is past when it becomes known is skipped, unless the rule catches up with it (S12)."""
    code = wake.rule
    if code.rule.catch_up is None or why == "made" or wake.key[0] == "schedule":
        return draft.now
    return calendar.add(draft.now, code.rule.catch_up, draft.zone_of(code), sign=-1)


def _next(draft: Draft, code: RuleCode, after: datetime, *, done: str) -> Planned | None:
    """The first moment strictly after `after` whose day is not done yet."""
    zone, trigger = draft.zone_of(code), code.rule.trigger
    if done:
        after = max(after, _start_of(done, zone))
    for _ in range(3):
        moment = _moment(draft, trigger, after, zone)
        if moment is None:
            return None
        day = moment.astimezone(zone).date().isoformat()
        if day > done:
            return moment, day
        after = moment
    return None


def _moment(draft: Draft, trigger: plan.Trigger, after: datetime, zone: ZoneInfo) -> datetime | None:
    leap_day = draft.live.plan.leap_day
    if isinstance(trigger, plan.ScheduleTrigger):
        return next_occurrence(trigger, after, zone, leap_day=leap_day)
    assert isinstance(trigger, plan.DateTrigger)
    moment = dated_moment(trigger, after, Place(zone, draft.attributes, leap_day))
    return moment if moment is not None and moment > after else None


def _silence(
    draft: Draft, code: RuleCode, earliest: datetime, *, done: str, pending: Appointment | None
) -> Planned | None:
    """Counted from the newest event; once for each. Who is past the mark already is not swept in (S13)."""
    trigger = code.rule.trigger
    assert isinstance(trigger, plan.InactivityTrigger)
    last = draft.seen.get(trigger.event)
    if last is None:
        return None
    occasion = last.astimezone(UTC).isoformat()
    at = calendar.add(last, trigger.length, draft.zone_of(code))
    was_waited_for = pending is not None and pending.occasion == occasion
    if occasion <= done or (at < earliest and not was_waited_for):
        return None
    if was_waited_for and pending is not None and pending.at is not None:
        at = max(at, min(pending.at, draft.now))  # it may have been asked for after the mark
    return at, occasion


@lru_cache(maxsize=4096)
def _start_of(day: str, zone: ZoneInfo) -> datetime:
    return calendar.resolve(datetime.combine(date.fromisoformat(day[:10]), time(0)), zone)
