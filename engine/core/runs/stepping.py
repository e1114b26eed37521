"""A run goes through its steps until it must wait, is over, or has taken too many."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple, get_args

from dsl import plan
from engine.core.conditions.program import RuleCode
from engine.core.delivery.ways import message_id
from engine.core.effects import NewMessage, PointsEntry
from engine.core.identity import derived_id
from engine.core.model import Cause, Event, Run
from engine.core.reasons.of_runs import EXIT, FINISHED, HOLDOUT, OVERDUE, TOO_MANY_STEPS
from engine.core.rule_guards.reservations import refusal_of, reserve
from engine.core.runs.deeds import Deed, Outward, Scene
from engine.core.runs.draft import MOST_STEPS, Draft
from engine.core.runs.following import follow
from engine.core.runs.moments import NO_MOMENT, is_overdue, place_of
from engine.core.runs.promo import issue_code
from engine.core.runs.sending import past_send, send
from engine.core.runs.splits import arm_of
from engine.core.runs.waits import Waiting, wake_of
from engine.core.standing.change import Change, Occasion

#: Chains of events that runs emit: deeper ones are kept as history and start nothing.
DEEPEST = 8


class Turn(NamedTuple):
    """A run on the move: `at` is its own time, from which the next wait counts. It may be earlier than `draft.now`."""

    draft: Draft
    code: RuleCode
    at: datetime


def begin(draft: Draft, code: RuleCode, run: Run) -> None:
    """Start or restart a run whose first wait, if it has one, is set."""
    if run.wake_at is not None:
        draft.put(run)
    elif is_overdue(draft, code, run.began_at):
        draft.end(run, OVERDUE.recorded)
    else:
        proceed(draft, code, run, run.began_at)


def wake(draft: Draft, run: Run) -> None:
    """A wait is over."""
    code = draft.code_of(run)
    due = run.wake_at or draft.now
    if is_overdue(draft, code, due):
        draft.end(run, OVERDUE.recorded)
        return
    if run.state == "sending":  # nothing has come back: what follows counts from the real send
        proceed(draft, code, past_send(run), run.since or due)
        return
    if run.waits_for_event:
        run = run.but(arrived=False)
    proceed(draft, code, _unparked(run), due)


def arrive(draft: Draft, run: Run, event: Event) -> None:
    """The event that a run waits for has come."""
    proceed(draft, draft.code_of(run), _unparked(run).but(arrived=True), event.at)


def proceed(draft: Draft, code: RuleCode, run: Run, at: datetime) -> None:
    turn = Turn(draft, code, at)
    steps = code.rule.steps
    taken = run.taken
    while run.state == "waiting" and run.wake_at is None:
        if run.step >= len(steps):
            draft.end(run, FINISHED.recorded, taken=taken)
            return
        if draft.is_exhausted or taken >= MOST_STEPS:
            run = _stop_runaway(draft, run.but(taken=taken), at)
        else:
            run = _take(turn, run, steps[run.step])
            draft.steps += 1
            taken += 1
    draft.put(run.but(taken=taken))


def _stop_runaway(draft: Draft, run: Run, at: datetime) -> Run:
    """What a person's event started goes on in the next batch; what rules started by themselves ends here."""
    if run.depth > 0 or run.taken >= MOST_STEPS:
        return draft.end(run, TOO_MANY_STEPS.recorded)
    return run.but(wake_at=at)


def _unparked(run: Run) -> Run:
    return run.but(state="waiting", wake_at=None, since=None, waits_for_event=False)


def _take(turn: Turn, run: Run, step: plan.Step) -> Run:
    return _STEPS[type(step)](turn, run, step)


def _send(turn: Turn, run: Run, step: plan.Send) -> Run:
    return send(turn.draft, turn.code, run, step)


def _wait(turn: Turn, run: Run, step: Waiting) -> Run:
    wake_at = wake_of(step, run, turn.at, place_of(turn.draft, turn.code))
    if wake_at == "now":
        return run.but(step=run.step + 1)
    if not isinstance(wake_at, datetime):
        return turn.draft.end(run, NO_MOMENT[wake_at], line=step.line)
    turn.draft.note(run, "waits", f"until {wake_at.isoformat()}", line=step.line)
    waits_for_event = isinstance(step, plan.WaitFor)
    return run.but(step=run.step + 1, wake_at=wake_at, since=turn.at, waits_for_event=waits_for_event)


def _jump_unless(turn: Turn, run: Run, step: plan.JumpUnless) -> Run:
    test = turn.code.tests[run.step]
    holds = test(run.event, turn.draft.attributes, turn.draft.scope_of(run))
    turn.draft.note(run, "branch", "yes" if holds else "no", line=step.line)
    return run.but(step=run.step + 1 if holds else step.at)


def _jump(turn: Turn, run: Run, step: plan.Jump) -> Run:
    return run.but(step=step.at)


def _split(turn: Turn, run: Run, step: plan.Split) -> Run:
    arm = arm_of(step, run.rule, run.customer)
    turn.draft.note(run, "split", f"{step.name}: {arm.label}", line=step.line)
    run = run.but(split={**run.split, step.name: arm.label})
    if arm.at is None:
        return turn.draft.end(run, HOLDOUT.recorded, line=step.line)
    return run.but(step=arm.at)


def _exit(turn: Turn, run: Run, step: plan.Exit) -> Run:
    return turn.draft.end(run, EXIT.recorded, line=step.line)


def _act(turn: Turn, run: Run, step: plan.Doing) -> Run:
    """An action of the language. In a rule that sends nothing, `once per` counts from its first one (D12)."""
    draft = turn.draft
    if (refusal := _reserved(turn, run)) is not None:
        return draft.end(run, refusal, line=step.line)
    program = draft.programs[run.rule_set]
    scene = Scene(
        customer=draft.customer,
        attributes=draft.attributes,
        event=run.event,
        kinds=program.plan.attributes,
        currency=program.plan.currency,
        recall=draft.recall(run),
    )
    before = draft.customer
    _carry_out(draft, run, program.actions[type(step)](step, scene), step.line)
    if draft.customer is not before and draft.live.standing is not None:
        draft.queue.append(Change(before=before, after=draft.customer, occasion=_occasion(draft, run)))
    return run.but(step=run.step + 1)


def _occasion(draft: Draft, run: Run) -> Occasion:
    """What a step changes is seen after the events already read (D20)."""
    change = derived_id("change", run.id.hex, str(run.step), str(run.activation))
    cause = Cause(run=run.id, rule=run.rule, depth=run.depth + 1)
    starts = cause.depth <= DEEPEST and not draft.is_exhausted
    return Occasion(id=change.hex, at=draft.now, starts=starts, cause=cause)


def _issue(turn: Turn, run: Run, step: plan.IssuePromo) -> Run:
    if (refusal := _reserved(turn, run)) is not None:
        return turn.draft.end(run, refusal, line=step.line)
    return issue_code(turn.draft, turn.code, run, step)


def _reserved(turn: Turn, run: Run) -> str | None:
    """In a rule that sends nothing, another run may have acted within the window of `once per`; else this one has."""
    if turn.code.sends:
        return None
    refusal = refusal_of(turn.draft, turn.code, run.event, but=run)
    if refusal is None:
        reserve(turn.draft, turn.code, run)
    return refusal


def _carry_out(draft: Draft, run: Run, deed: Deed, line: int) -> None:
    draft.note(run, deed.what, deed.detail, line=line)
    if deed.customer is not None and deed.customer != draft.customer:
        before = draft.customer
        draft.change_customer(deed.customer)
        follow(draft, before, but=run)
    if deed.event is not None:
        _emit(draft, run, deed, line)
    if deed.points:
        _add_points(draft, run, deed.points)
    if deed.outward is not None:
        draft.messages += (_outward(draft, run, deed.outward),)


def _add_points(draft: Draft, run: Run, points: int) -> None:
    entry = derived_id("points", run.id.hex, str(run.step), str(run.activation))
    draft.points += (PointsEntry(id=entry, run=run.id, rule=run.rule, amount=points, at=draft.now),)
    draft.change_customer(replace(draft.customer, points=draft.customer.points + points))


def _outward(draft: Draft, run: Run, outward: Outward) -> NewMessage:
    return NewMessage(
        id=message_id(run, run.step),
        customer=run.customer,
        run=run.id,
        rule=run.rule,
        rule_set=run.rule_set,
        step=run.step,
        channel=outward.channel,
        template=outward.name,
        context=outward.context,
        transactional=True,
        due_at=draft.now,
    )


def _emit(draft: Draft, run: Run, deed: Deed, line: int) -> None:
    depth = run.depth + 1
    if depth > DEEPEST:
        draft.note(run, "emitted", f"{deed.event} starts nothing: it is {depth} rules deep", line=line)
    draft.emit(
        Event(
            id=derived_id("emitted", run.id.hex, str(run.step), str(run.activation)),
            customer=run.customer,
            kind="track",
            name=deed.event or "",
            at=draft.now,
            received_at=draft.now,
            properties=deed.properties,
            cause=Cause(run=run.id, rule=run.rule, depth=depth),
        )
    )


_STEPS: Mapping[type, Callable[[Turn, Run, Any], Run]] = {
    plan.Send: _send,
    plan.Wait: _wait,
    plan.WaitUntil: _wait,
    plan.WaitFor: _wait,
    plan.JumpUnless: _jump_unless,
    plan.Jump: _jump,
    plan.Split: _split,
    plan.Exit: _exit,
    plan.IssuePromo: _issue,
    **dict.fromkeys(get_args(plan.Doing), _act),
}
