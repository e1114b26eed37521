"""Until when a run waits: the trigger's delay, `wait`, `wait until`, `wait for … up to`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from dsl import plan
from engine.core import calendar, values
from engine.core.model import Run
from engine.core.runs.deeds import read_operand

Waiting: TypeAlias = plan.Wait | plan.WaitUntil | plan.WaitFor

#: A moment to wake at, or why there is none: "past" ends the run (D7), "now" goes on at once.
Wake: TypeAlias = datetime | Literal["past", "unknown", "now"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a wait is counted: the zone, the customer's attributes, and what the workspace says of leap days."""

    zone: ZoneInfo
    attributes: values.Values
    leap_day: str


def wake_of(step: Waiting, run: Run, since: datetime, place: Place) -> Wake:
    """When a wait that begins at `since` is over."""
    if isinstance(step, plan.Wait):
        return calendar.add(since, step.length, place.zone)
    if isinstance(step, plan.WaitFor):
        return calendar.add(since, step.up_to, place.zone)
    if step.mode == "clock":
        at = clock_time(step.time) or time(0)
        return calendar.next_clock(since, at, place.zone, weekdays=step.weekdays, tomorrow=step.tomorrow)
    moment = _on_date(step, place.zone) if step.mode == "date" else _moment(step, run, since, place)
    if moment is not None and moment >= since:
        return moment
    if step.or_now:
        return "now"
    return "unknown" if moment is None else "past"


def clock_time(written: str | None) -> time | None:
    return time.fromisoformat(written) if written else None


def _on_date(step: plan.WaitUntil, zone: ZoneInfo) -> datetime | None:
    if step.date is None:
        return None
    return calendar.resolve(datetime.combine(date.fromisoformat(step.date), clock_time(step.time) or time(0)), zone)


def _moment(step: plan.WaitUntil, run: Run, since: datetime, place: Place) -> datetime | None:
    if step.base is None:
        return _moved(run.began_at, step, place.zone)
    return _dated(step, step.base, read_operand(step.base, run.event, place.attributes), since=since, place=place)


def dated_moment(trigger: plan.DateTrigger, after: datetime, place: Place) -> datetime | None:
    """When a rule that starts on a date does so: of yearly dates the first time strictly after `after`."""
    step = plan.WaitUntil(
        mode="moment",
        time=trigger.time,
        base=trigger.attribute,
        offset=trigger.offset,
        before=trigger.before,
        line=0,
    )
    raw = read_operand(trigger.attribute, {}, place.attributes)
    return _dated(step, trigger.attribute, raw, since=after, place=place)


def _dated(step: plan.WaitUntil, base: plan.Operand, raw: object, *, since: datetime, place: Place) -> datetime | None:
    if base.kind == "moment":
        micros = values.moment(raw)
        if micros != micros:
            return None
        return _moved(values.EPOCH + timedelta(microseconds=micros), step, place.zone)
    number = values.day(raw)
    if number != number:
        return None
    day = date.fromordinal(int(number))
    if not (isinstance(base, plan.Attribute) and base.repeats):
        return _moved_day(day, step, place.zone)
    return _next_anniversary(day, step, since, place)


def _next_anniversary(day: date, step: plan.WaitUntil, since: datetime, place: Place) -> datetime | None:
    """The first moment strictly after `since` that some anniversary leads to."""
    this_year = since.astimezone(place.zone).year
    for year in range(max(this_year - 2, 1), min(this_year + 4, 9999)):
        moment = _moved_day(calendar.yearly(day, year, leap_day=place.leap_day), step, place.zone)
        if moment > since:
            return moment
    return None


def _moved_day(day: date, step: plan.WaitUntil, zone: ZoneInfo) -> datetime:
    return _moved(calendar.resolve(datetime.combine(day, time(0)), zone), step, zone)


def _moved(base: datetime, step: plan.WaitUntil, zone: ZoneInfo) -> datetime:
    """`base` moved by the offset, then set to the wall time of that day (D8)."""
    moved = base
    if step.offset is not None:
        moved = calendar.add(base, step.offset, zone, sign=-1 if step.before else 1)
    at = clock_time(step.time)
    if at is None:
        return moved
    return calendar.resolve(datetime.combine(moved.astimezone(zone).date(), at), zone)
