"""A rule's start has come: a new run, a new beginning of one that is on its way (S4), or nothing."""

from __future__ import annotations

from datetime import datetime

from engine.core import calendar
from engine.core.conditions.program import Program, RuleCode
from engine.core.identity import derived_id
from engine.core.model import Event, Run
from engine.core.reasons.of_runs import CANCELLED_BY, RESTARTED
from engine.core.rule_guards.reservations import refusal_of
from engine.core.runs.draft import Draft
from engine.core.runs.matching import cancels, fits, happened_after, run_key
from engine.core.runs.moments import first_wake
from engine.core.runs.stepping import begin


def answer(
    draft: Draft, program: Program, code: RuleCode, event: Event, *, key: str | None = None, told: str = ""
) -> None:
    """`event.at` is when the run begins. `told` says what has started it where the event has no name."""
    key = run_key(program, event) if key is None else key
    under_way = begun_runs(draft, code, key)
    if under_way:
        if restarts(under_way[0], code.rule.repeated, event.at):
            restart(draft, code, under_way[0].but(rule_set=program.rule_set), event, told=told)
        return
    if refusal_of(draft, code, event.properties) is None:
        run = new_run(draft, program, code, event, key=key)
        if run is not None and not is_overtaken(draft, program, code, run):
            draft.note(run, "started", told or event.name, line=code.rule.line)
            draft.steps += 1
            begin(draft, code, run)


def begun_runs(draft: Draft, code: RuleCode, key: str) -> list[Run]:
    """Those that a further start would meet; never any where the author wants them in parallel."""
    if code.rule.repeated == "parallel":
        return []
    return [run for run in draft.runs_of(code.rule.name) if run.key == key and not run.stage]


def restarts(run: Run, policy: str | None, at: datetime) -> bool:
    """Before the first message, unless the author says otherwise; never to older data than it has."""
    if policy == "ignore" or at < run.began_at:
        return False
    return policy == "restart" or run.messages == 0


def new_run(draft: Draft, program: Program, code: RuleCode, event: Event, *, key: str) -> Run | None:
    """None: this very event has started one already."""
    wake_at = first_wake(draft, code, event.at)
    run_id = derived_id("run", code.rule.name, event.customer.hex, event.id.hex)
    if run_id in draft.runs:
        return None
    return Run(
        id=run_id,
        customer=event.customer,
        rule=code.rule.name,
        rule_set=program.rule_set,
        key=key,
        began_at=event.at,
        event_id=event.id,
        event_name=event.name,
        event=event.properties,
        wake_at=wake_at,
        since=event.at if wake_at is not None else None,
        depth=event.cause.depth if event.cause is not None else 0,
        goal_until=goal_until(draft, code, event.at),
    )


def restart(draft: Draft, code: RuleCode, run: Run, event: Event, *, told: str = "") -> None:
    draft.withdraw(run, RESTARTED.recorded)
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
        ways=(),
        said=0,
        activation=run.activation + 1,
        depth=event.cause.depth if event.cause is not None else 0,
        goal_until=goal_until(draft, code, event.at),
    )
    draft.note(anew, "restarted", told or event.name, line=code.rule.line)
    begin(draft, code, anew)


def goal_until(draft: Draft, code: RuleCode, at: datetime) -> datetime | None:
    goal = code.rule.goal
    return calendar.add(at, goal.within, draft.zone_of(code)) if goal is not None else None


def is_overtaken(draft: Draft, program: Program, code: RuleCode, run: Run) -> bool:
    """Whether a run that starts late is over already: what stops it came before it, with a later time of its own."""
    reason = _overtaken_by(draft, program, code, run)
    if reason is not None:
        draft.end(run, reason)
    return reason is not None


def _overtaken_by(draft: Draft, program: Program, code: RuleCode, run: Run) -> str | None:
    for stop in code.stops:
        for name in sorted(stop.match.events):
            later = happened_after(draft, name, run.began_at)
            if later and any(fits(draft, stop.match, run, past.properties) for past in later):
                return stop.text
    facts = program.plan.events.get(run.event_name)
    for name in facts.cancelled_by if facts is not None else ():
        later = happened_after(draft, name, run.began_at)
        if later and any(cancels(program, run, name, past.properties) for past in later):
            return CANCELLED_BY.of(event=name)
    return None
