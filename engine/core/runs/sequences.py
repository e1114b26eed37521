"""`A then B within 3 days then not C within 14 days`: until it is complete, a run stands in its sequence (D11).

It waits for one part after the other and is nothing but that: no goal, no `once per`, no step. The run begins when
the last part has come, at that event's own time, or, if it must not come, when its time is over. Each part counts
from the one before. Events are judged by their own times, also when they arrive in another order.
"""

from __future__ import annotations

from datetime import datetime

from engine.core.conditions.program import Program, RuleCode
from engine.core.model import Cause, Event, Run
from engine.core.reasons.of_runs import ANOTHER_RUNS, PART_MISSING, PART_UNWANTED, RESTARTS_ANOTHER
from engine.core.rule_guards.reservations import refusal_of
from engine.core.runs.answering import begun_runs, goal_until, is_overtaken, new_run, restart, restarts
from engine.core.runs.draft import Draft
from engine.core.runs.matching import fits, happened_after, matches, run_key
from engine.core.runs.moments import first_wake, part_ends, part_of
from engine.core.runs.stepping import begin


def begin_sequence(draft: Draft, program: Program, code: RuleCode, event: Event) -> None:
    """The first event has come: wait for the rest; the same thing again makes the wait begin anew (S4)."""
    key = run_key(program, event)
    standing = [run for run in draft.runs_of(code.rule.name) if run.key == key and run.stage]
    if not standing or code.rule.repeated == "parallel":
        run = new_run(draft, program, code, event, key=key)
        if run is not None:
            _begin(draft, program, code, run)
        return
    run = standing[0]
    if code.rule.repeated != "ignore" and event.at >= run.began_at and (run.id, event.id) not in draft.met:
        again = run.but(
            rule_set=program.rule_set,
            began_at=event.at,
            event_id=event.id,
            event_name=event.name,
            event=event.properties,
            activation=run.activation + 1,
            depth=event.cause.depth if event.cause is not None else 0,
        )
        _begin(draft, program, code, again)


def meet_part(draft: Draft, run: Run, event: Event) -> None:
    """An event that may belong to the sequence in which a run stands."""
    if not _is_in_time(run, event.at) or event.id == run.event_id:
        return
    code = draft.code_of(run)
    if matches(draft, code.parts[run.stage - 1], run, event):
        draft.met |= {(run.id, event.id)}
        _meet(draft, code, run, event.name, event.at)


def end_wait(draft: Draft, run: Run) -> None:
    """The time of a part is over."""
    code = draft.code_of(run)
    part = part_of(code, run)
    if part.negated:
        _go_on(draft, code, run, run.wake_at or draft.now)
    else:
        draft.end(run, PART_MISSING.of(events=" or ".join(part.match.events)), line=code.rule.line)


def _begin(draft: Draft, program: Program, code: RuleCode, run: Run) -> None:
    run = run.but(stage=0, goal_until=None)
    if not is_overtaken(draft, program, code, run):
        draft.steps += 1
        _wait_for_next(draft, code, run, run.began_at)


def _wait_for_next(draft: Draft, code: RuleCode, run: Run, at: datetime) -> None:
    run = run.but(stage=run.stage + 1, since=at)
    part, wake_at = part_of(code, run), part_ends(draft, code, run, at)
    run = draft.put(run.but(wake_at=wake_at))
    awaited = f"{'no ' if part.negated else ''}{' or '.join(part.match.events)}"
    draft.note(run, "waits", f"for {awaited} until {wake_at.isoformat()}", line=code.rule.line)
    _meet_earlier(draft, code, run)


def _meet_earlier(draft: Draft, code: RuleCode, run: Run) -> None:
    """What the run waits for may have been decided before it was known to wait."""
    match, since = code.parts[run.stage - 1], run.since or run.began_at
    found = [
        (past.at, name)
        for name in sorted(match.events)
        for past in happened_after(draft, name, since)
        if _is_in_time(run, past.at) and fits(draft, match, run, past.properties)
    ]
    if found:
        at, name = min(found)
        _meet(draft, code, run, name, at)


def _is_in_time(run: Run, at: datetime) -> bool:
    return (run.since or run.began_at) <= at <= (run.wake_at or at)


def _meet(draft: Draft, code: RuleCode, run: Run, name: str, at: datetime) -> None:
    if part_of(code, run).negated:
        draft.end(run, PART_UNWANTED.of(event=name), line=code.rule.line)
    else:
        _go_on(draft, code, run, at)


def _go_on(draft: Draft, code: RuleCode, run: Run, at: datetime) -> None:
    if run.stage < len(code.parts):
        _wait_for_next(draft, code, run, at)
    else:
        _complete(draft, code, run, at)


def _complete(draft: Draft, code: RuleCode, run: Run, at: datetime) -> None:
    """Only now guards are asked, `once per`, and whether another run of the same thing is on its way."""
    begun = run.but(stage=0, began_at=at)
    scope = draft.scope_of(begun)
    refusal = next((each for each in code.guards if not each.holds(run.event, draft.attributes, scope)), None)
    others = begun_runs(draft, code, run.key)
    if refusal is not None:
        draft.end(run, refusal.text, line=refusal.line)
    elif others:
        if restarts(others[0], code.rule.repeated, at):
            restart(draft, code, others[0].but(rule_set=run.rule_set), _completing(run, at))
            draft.end(run, RESTARTS_ANOTHER.recorded)
        else:
            draft.end(run, ANOTHER_RUNS.recorded)
    elif (reserved := refusal_of(draft, code, run.event)) is not None:
        draft.end(run, reserved)
    else:
        wake_at = first_wake(draft, code, at)
        draft.note(run, "started", run.event_name, line=code.rule.line)
        since = at if wake_at is not None else None
        begin(draft, code, begun.but(wake_at=wake_at, since=since, goal_until=goal_until(draft, code, at)))


def _completing(run: Run, at: datetime) -> Event:
    """The first event of the sequence, as of the moment at which it is complete."""
    return Event(
        id=run.event_id,
        customer=run.customer,
        kind="track",
        name=run.event_name,
        at=at,
        received_at=at,
        properties=run.event,
        cause=Cause(run=run.id, rule=run.rule, depth=run.depth) if run.depth else None,
    )
