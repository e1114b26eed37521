"""`A 3 times within 7 days with same product_id`: a window that slides over the history, and over late events (D11).

It fires when that many events lie within the time, and begins to count anew after the last of them. It has not fired
where a guard or `once per` said no. A late event may complete a window whose end was decided long ago: then the run
begins at that end.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from datetime import datetime

from dsl import plan
from engine.core import calendar
from engine.core.conditions.history import between, of_name
from engine.core.conditions.program import Program, RuleCode
from engine.core.model import CountMark, Event, Past
from engine.core.rule_guards.reservations import refusal_of
from engine.core.runs.answering import answer
from engine.core.runs.draft import Draft
from engine.core.runs.matching import run_key
from engine.core.values import dig, key_text


@dataclass(frozen=True, slots=True)
class Firing:
    """When the last of the events happened, and how many of that very moment have counted by now."""

    at: datetime
    used: int


def count(draft: Draft, program: Program, code: RuleCode, event: Event) -> None:
    """One more event, which is part of the history already."""
    trigger = code.rule.trigger
    assert isinstance(trigger, plan.TimesTrigger)
    key = _key(trigger, event.properties)
    if trigger.by is not None and not key:
        return
    firing = _fires(draft, code, event, key=key)
    if firing is None:
        return
    fired = replace(event, at=firing.at)
    scope = draft.scope().of_run(firing.at, arrived=None)
    if not all(guard.holds(event.properties, draft.attributes, scope) for guard in code.guards):
        return
    if refusal_of(draft, code, event.properties) is None:
        draft.count_from(CountMark(rule=code.rule.name, key=key, at=firing.at, used=firing.used))
        answer(draft, program, code, fired, key=key if trigger.by is not None else run_key(program, event))


def _fires(draft: Draft, code: RuleCode, event: Event, *, key: str) -> Firing | None:
    """Whether `times` of the events lie within the time, this one among them. The earliest such group."""
    trigger = code.rule.trigger
    assert isinstance(trigger, plan.TimesTrigger)
    mark = draft.counted.get((code.rule.name, key))
    if mark is not None and event.at < mark.at:
        return None
    zone, times = draft.zone_of(code), _times(draft, code, event, key=key)
    skipped = bisect_left(times, mark.at) + min(mark.used, times.count(mark.at)) if mark is not None else 0
    mine = bisect_right(times, event.at) - 1
    for last in range(max(mine, skipped + trigger.times - 1), min(mine + trigger.times, len(times))):
        first = last - trigger.times + 1
        if times[first] > calendar.add(times[last], trigger.within, zone, sign=-1):
            return Firing(times[last], times[: last + 1].count(times[last]))
    return None


def _times(draft: Draft, code: RuleCode, event: Event, *, key: str) -> list[datetime]:
    """Of the events that could lie in one window with this one, in order."""
    trigger = code.rule.trigger
    assert isinstance(trigger, plan.TimesTrigger)
    zone = draft.zone_of(code)
    after = calendar.add(event.at, trigger.within, zone, sign=-1)
    until = calendar.add(event.at, trigger.within, zone)
    found = [
        past.at
        for name in trigger.match.events
        for past in between(of_name(draft.history, name), after, until)
        if _counts(draft, code, past, key=key)
    ]
    return sorted(found)


def _counts(draft: Draft, code: RuleCode, past: Past, *, key: str) -> bool:
    trigger, where = code.rule.trigger, code.trigger.where if code.trigger is not None else None
    assert isinstance(trigger, plan.TimesTrigger)
    if _key(trigger, past.properties) != key:
        return False
    return where is None or where(past.properties, draft.attributes, draft.scope().of_run(past.at, arrived=None))


def _key(trigger: plan.TimesTrigger, properties: dict[str, plan.JSON]) -> str:
    return key_text(dig(properties, tuple(trigger.by.split(".")))) if trigger.by is not None else ""
