"""Which rules an event starts, and what it does to a run of theirs that is already on its way (S4, D11)."""

from __future__ import annotations

from datetime import datetime

from engine.core import calendar
from engine.core.draft import Draft
from engine.core.identity import derived_id
from engine.core.matching import matches, run_key
from engine.core.model import Event, Run
from engine.core.program import MatchCode, Program, RuleCode
from engine.core.rule_guards.once_per import is_taken
from engine.core.stepping import DEEPEST, begin, first_wake


def start_rules(draft: Draft, event: Event) -> None:
    """Rules in the order they act. Runs of rules that are gone or changed may begin anew on their own version."""
    if event.name not in draft.live.dispatch and not draft.pinned:
        return
    if not _may_start(draft, event):
        return
    answered: set[str] = set()
    for code in _started_by(draft, event):
        answered.add(code.rule.name)
        with draft.attempt(code.rule.name, draft.live.rule_set, event=event.id):
            _answer(draft, draft.live, code, event)
    for run in (draft.runs[run_id] for run_id in draft.pinned):
        own = draft.find_code(run)
        if own is None or own.trigger is None or run.rule in answered or run.state == "ended":
            continue
        if event.name in own.trigger.events:
            with draft.attempt(run.rule, run.rule_set, event=event.id, run=run.id):
                _answer_of_old_rule(draft, run, event)


def _may_start(draft: Draft, event: Event) -> bool:
    """Imported, too old (S15) and too deeply caused events are history and stops, no more."""
    if event.historical or (event.cause is not None and (event.cause.depth > DEEPEST or draft.is_exhausted)):
        return False
    facts = draft.live.plan.events.get(event.name)
    late_after = facts.late_after if facts is not None else calendar.LATE_AFTER
    return event.received_at <= calendar.add(event.at, late_after, draft.scope().zone)


def _started_by(draft: Draft, event: Event) -> list[RuleCode]:
    dispatch = draft.live.dispatch.get(event.name)
    if dispatch is None:
        return []
    numbers = dispatch.matching(event.properties, draft.attributes, draft.scope().of_run(event.at, arrived=None))
    codes = (draft.live.rules[number] for number in numbers)
    return [code for code in codes if code.active_from <= event.at < code.active_until]


def _answer(draft: Draft, program: Program, code: RuleCode, event: Event) -> None:
    """The event has come for a rule: a new run, a restart, or nothing."""
    key = run_key(program, event)
    policy = code.rule.repeated
    under_way = [run for run in draft.runs_of(code.rule.name) if run.key == key] if policy != "parallel" else ()
    if under_way:
        if _restarts(under_way[0], policy, event):
            _restart(draft, code, under_way[0].but(rule_set=program.rule_set), event)
        return
    if not is_taken(draft, code, event.properties):
        _start(draft, program, code, event)


def _answer_of_old_rule(draft: Draft, run: Run, event: Event) -> None:
    code = draft.code_of(run)
    if (
        code.trigger is None
        or run.event_id == event.id
        or code.rule.repeated == "parallel"
        or run.key != run_key(draft.programs[run.rule_set], event)
    ):
        return
    if not _restarts(run, code.rule.repeated, event) or not matches(draft, code.trigger, run, event):
        return
    scope = draft.scope().of_run(event.at, arrived=None)
    if all(guard.holds(event.properties, draft.attributes, scope) for guard in code.guards):
        _restart(draft, code, run, event)


def _restarts(run: Run, policy: str | None, event: Event) -> bool:
    """Before the first message, unless the author says otherwise; never to older data than it has."""
    if policy == "ignore" or event.at < run.began_at:
        return False
    return policy == "restart" or run.messages == 0


def _start(draft: Draft, program: Program, code: RuleCode, event: Event) -> None:
    wake_at = first_wake(draft, code, event.at)
    run = Run(
        id=derived_id("run", code.rule.name, event.customer.hex, event.id.hex),
        customer=event.customer,
        rule=code.rule.name,
        rule_set=program.rule_set,
        key=run_key(program, event),
        began_at=event.at,
        event_id=event.id,
        event_name=event.name,
        event=event.properties,
        wake_at=wake_at,
        since=event.at if wake_at is not None else None,
        depth=event.cause.depth if event.cause is not None else 0,
        goal_until=_goal_until(draft, code, event),
    )
    if run.id in draft.runs:
        return
    overtaken = _overtaken_by(draft, program, code, event)
    if overtaken is not None:
        draft.end(run, overtaken)
        return
    draft.note(run, "started", event.name, line=code.rule.line)
    draft.steps += 1
    begin(draft, code, run)


def _restart(draft: Draft, code: RuleCode, run: Run, event: Event) -> None:
    draft.withdraw(run, "restarted")
    wake_at = first_wake(draft, code, event.at)
    anew = run.but(
        began_at=event.at,
        event_id=event.id,
        event_name=event.name,
        event=event.properties,
        step=0,
        state="waiting",
        wake_at=wake_at,
        since=event.at if wake_at is not None else None,
        waits_for_event=False,
        arrived=None,
        issue=None,
        activation=run.activation + 1,
        depth=event.cause.depth if event.cause is not None else 0,
        goal_until=_goal_until(draft, code, event),
    )
    draft.note(anew, "restarted", event.name, line=code.rule.line)
    begin(draft, code, anew)


def _goal_until(draft: Draft, code: RuleCode, event: Event) -> datetime | None:
    goal = code.rule.goal
    return calendar.add(event.at, goal.within, draft.zone_of(code)) if goal is not None else None


def _overtaken_by(draft: Draft, program: Program, code: RuleCode, event: Event) -> str | None:
    """Why a run that starts late is over already: what stops it has come before it, with a later time of its own.

    Only the newest time of each event is known here, so stops with conditions cannot be judged, and a cancelling
    event counts whatever its key: a reminder too few is better than one about a paid cart.
    """
    for stop in code.stops:
        if _is_bare(stop.match):
            for name in sorted(stop.match.events):
                if _is_newer(draft, name, event):
                    return stop.text
    facts = program.plan.events.get(event.name)
    for name in facts.cancelled_by if facts is not None else ():
        if _is_newer(draft, name, event):
            return f"cancelled by {name}"
    return None


def _is_bare(match: MatchCode) -> bool:
    return match.where is None and match.same is None


def _is_newer(draft: Draft, name: str, event: Event) -> bool:
    seen = draft.seen.get(name)
    return name != event.name and seen is not None and seen > event.at
