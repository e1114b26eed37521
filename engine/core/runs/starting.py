"""Which rules an event starts: at once, as the first of a sequence, or as one of several times (D11)."""

from __future__ import annotations

from collections.abc import Collection

from dsl import plan
from engine.core import calendar
from engine.core.conditions.program import RuleCode
from engine.core.model import Event, Run
from engine.core.runs.answering import answer, restart, restarts
from engine.core.runs.counting import count
from engine.core.runs.draft import Draft
from engine.core.runs.matching import matches, run_key
from engine.core.runs.sequences import begin_sequence
from engine.core.runs.stepping import DEEPEST


def start_rules(draft: Draft, event: Event) -> None:
    """Rules in the order they act. Runs of rules that are gone or changed may begin anew on their own version."""
    if event.name not in draft.live.dispatch and not draft.pinned:
        return
    if not may_start(draft, event):
        return
    codes = _started_by(draft, event)
    for code in codes:
        with draft.attempt(code.rule.name, draft.live.rule_set, event=event.id):
            _start(draft, code, event)
    if draft.pinned:
        _answer_of_old_rules(draft, event, answered={code.rule.name for code in codes})


def _answer_of_old_rules(draft: Draft, event: Event, *, answered: Collection[str]) -> None:
    for run in (draft.runs[run_id] for run_id in draft.pinned):
        own = draft.find_code(run)
        if own is None or own.trigger is None or run.rule in answered or run.state == "ended":
            continue
        if event.name in own.trigger.events:
            with draft.attempt(run.rule, run.rule_set, event=event.id, run=run.id):
                _answer_of_old_rule(draft, run, event)


def may_start(draft: Draft, event: Event) -> bool:
    """Imported, too old (S15) and too deeply caused events are history and stops, no more."""
    if event.historical or (event.cause is not None and (event.cause.depth > DEEPEST or draft.is_exhausted)):
        return False
    if event.received_at <= event.at:
        return True
    facts = draft.live.plan.events.get(event.name)
    late_after = facts.late_after if facts is not None else calendar.LATE_AFTER
    return event.received_at <= calendar.add(event.at, late_after, draft.scope().zone)


def _started_by(draft: Draft, event: Event) -> list[RuleCode]:
    dispatch = draft.live.dispatch.get(event.name)
    if dispatch is None:
        return []
    numbers = dispatch.matching(event.properties, draft.attributes, draft.scope().of_run(event.at, arrived=None))
    codes = [draft.live.rules[number] for number in numbers]
    return [code for code in codes if code.active_from <= event.at < code.active_until]


def _start(draft: Draft, code: RuleCode, event: Event) -> None:
    if isinstance(code.rule.trigger, plan.SequenceTrigger):
        begin_sequence(draft, draft.live, code, event)
    elif isinstance(code.rule.trigger, plan.TimesTrigger):
        count(draft, draft.live, code, event)
    else:
        answer(draft, draft.live, code, event)


def _answer_of_old_rule(draft: Draft, run: Run, event: Event) -> None:
    code, program = draft.code_of(run), draft.programs[run.rule_set]
    if code.trigger is None or run.event_id == event.id or code.rule.repeated == "parallel":
        return
    if run.key != run_key(program, event) or not matches(draft, code.trigger, run, event):
        return
    if run.stage:
        begin_sequence(draft, program, code, event)
    elif isinstance(code.rule.trigger, plan.EventTrigger) and restarts(run, code.rule.repeated, event.at):
        scope = draft.scope().of_run(event.at, arrived=None)
        if all(guard.holds(event.properties, draft.attributes, scope) for guard in code.guards):
            restart(draft, code, run, event)
