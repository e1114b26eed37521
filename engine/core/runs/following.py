"""Waits follow what they are counted by: the customer's zone, and the dates among the attributes."""

from __future__ import annotations

from datetime import datetime

from dsl import plan
from engine.core.conditions.program import RuleCode
from engine.core.conditions.scope import attributes_of
from engine.core.model import Customer, Run
from engine.core.runs.deeds import read_operand
from engine.core.runs.draft import Draft
from engine.core.runs.moments import NO_MOMENT, first_wake, part_ends, place_of
from engine.core.runs.waits import Waiting, Wake, wake_of
from engine.core.values import Values


def follow(draft: Draft, before: Customer, *, but: Run | None = None) -> None:
    """All waits but those of the run `but`, which made the change: it is on the move."""
    if before.timezone != draft.customer.timezone:
        _rewake(draft)
    if before.attributes != draft.customer.attributes:
        for run in draft.active_runs():
            is_waiting = run.since is not None and run.step > 0 and run.rule_set in draft.programs
            if is_waiting and (but is None or run.id != but.id):
                _follow_date(draft, run, attributes_of(before))


def _follow_date(draft: Draft, run: Run, before: Values) -> None:
    """A date was set or changed late: a moment that is past by now is skipped, not made up for (S12)."""
    code = draft.code_of(run)
    step = code.rule.steps[run.step - 1]
    if not isinstance(step, plan.WaitUntil) or not isinstance(step.base, plan.Attribute):
        return
    if read_operand(step.base, run.event, before) == read_operand(step.base, run.event, draft.attributes):
        return
    wake_at = wake_of(step, run, draft.now, place_of(draft, code))
    if wake_at == "now":
        wake_at = draft.now
    if isinstance(wake_at, datetime):
        draft.note(run, "waits", f"until {wake_at.isoformat()}", line=step.line)
        draft.put(run.but(wake_at=wake_at, since=draft.now))
    else:
        draft.end(run, NO_MOMENT[wake_at], line=step.line)


def _rewake(draft: Draft) -> None:
    """The customer's zone has changed: waits that follow the wall clock follow it, exact ones do not (S8)."""
    for run in draft.active_runs():
        if run.since is None or run.rule_set not in draft.programs:
            continue
        code = draft.code_of(run)
        wake_at = _wake_again(draft, code, run, run.since)
        if isinstance(wake_at, datetime) and wake_at != run.wake_at:
            draft.put(run.but(wake_at=wake_at))


def _wake_again(draft: Draft, code: RuleCode, run: Run, since: datetime) -> Wake | None:
    if run.stage:
        return part_ends(draft, code, run, since)
    if run.step == 0:
        return first_wake(draft, code, since)
    step = code.rule.steps[run.step - 1]
    return wake_of(step, run, since, place_of(draft, code)) if isinstance(step, Waiting) else None
