"""When a run moves: the end of its first wait and of a sequence's part, and how late is too late."""

from __future__ import annotations

from datetime import datetime, timedelta

from dsl import plan
from engine.core import calendar
from engine.core.conditions.program import RuleCode
from engine.core.model import Run
from engine.core.reasons.of_runs import MOMENT_PAST, MOMENT_UNKNOWN
from engine.core.runs.draft import Draft
from engine.core.runs.waits import Place

#: A step that is later than this is not taken any more: nobody wants last night's reminder (S15, S22).
MOST_LATE = timedelta(hours=12)

#: Why a run ends that waits for a moment which never comes (D7).
NO_MOMENT = {"past": MOMENT_PAST.recorded, "unknown": MOMENT_UNKNOWN.recorded}


def first_wake(draft: Draft, code: RuleCode, began_at: datetime) -> datetime | None:
    """When the trigger's delay is over, counted from the event's own time (S1); None without one."""
    delay = plan.delay_of(code.rule.trigger)
    return calendar.add(began_at, delay, draft.zone_of(code)) if delay is not None else None


def is_overdue(draft: Draft, code: RuleCode, due: datetime) -> bool:
    """`catch up within` says for a rule how late is too late."""
    limit = code.rule.catch_up
    return draft.now >= (calendar.add(due, limit, draft.zone_of(code)) if limit is not None else due + MOST_LATE)


def part_of(code: RuleCode, run: Run) -> plan.Then:
    """What a run in a sequence waits for."""
    trigger = code.rule.trigger
    assert isinstance(trigger, plan.SequenceTrigger)
    return trigger.then[run.stage - 1]


def part_ends(draft: Draft, code: RuleCode, run: Run, since: datetime) -> datetime:
    return calendar.add(since, part_of(code, run).within, draft.zone_of(code))


def place_of(draft: Draft, code: RuleCode) -> Place:
    return Place(draft.zone_of(code), draft.attributes, draft.live.plan.leap_day)
