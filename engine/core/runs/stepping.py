"""A run goes through its steps until it must wait, is over, or has taken too many."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple, get_args

from dsl import plan
from engine.core import calendar
from engine.core.conditions.program import RuleCode
from engine.core.conditions.scope import attributes_of
from engine.core.delivery.ways import message_id
from engine.core.effects import NewMessage, PointsEntry
from engine.core.identity import derived_id
from engine.core.model import Cause, Customer, Event, Run
from engine.core.reasons.of_runs import EXIT, FINISHED, HOLDOUT, MOMENT_PAST, MOMENT_UNKNOWN, OVERDUE, TOO_MANY_STEPS
from engine.core.rule_guards.reservations import refusal_of, reserve
from engine.core.runs.deeds import Deed, Outward, Scene, read_operand
from engine.core.runs.draft import MOST_STEPS, Draft
from engine.core.runs.promo import issue_code
from engine.core.runs.sending import past_send, send
from engine.core.runs.splits import arm_of
from engine.core.runs.waits import Place, Waiting, Wake, wake_of
from engine.core.standing.change import Change, Occasion
from engine.core.values import Values

#: Chains of events that runs emit: deeper ones are kept as history and start nothing.
DEEPEST = 8

#: A step that is later than this is not taken any more: nobody wants last night's reminder (S15, S22).
MOST_LATE = timedelta(hours=12)


class Turn(NamedTuple):
    """A run on the move: `at` is its own time, from which the next wait counts. It may be earlier than `draft.now`."""

    draft: Draft
    code: RuleCode
    at: datetime


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


#: A run that waits for a moment which never comes ends (D7).
_NO_MOMENT = {"past": MOMENT_PAST.recorded, "unknown": MOMENT_UNKNOWN.recorded}


def part_ends(draft: Draft, code: RuleCode, run: Run, since: datetime) -> datetime:
    return calendar.add(since, part_of(code, run).within, draft.zone_of(code))


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


def follow(draft: Draft, before: Customer, *, but: Run | None = None) -> None:
    """Waits follow what they are counted by, save those of the run that made the change: it is on the move."""
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
    wake_at = wake_of(step, run, draft.now, _place(draft, code))
    if wake_at == "now":
        wake_at = draft.now
    if isinstance(wake_at, datetime):
        draft.note(run, "waits", f"until {wake_at.isoformat()}", line=step.line)
        draft.put(run.but(wake_at=wake_at, since=draft.now))
    else:
        draft.end(run, _NO_MOMENT[wake_at], line=step.line)


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
    return wake_of(step, run, since, _place(draft, code)) if isinstance(step, Waiting) else None


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
    wake_at = wake_of(step, run, turn.at, _place(turn.draft, turn.code))
    if wake_at == "now":
        return run.but(step=run.step + 1)
    if not isinstance(wake_at, datetime):
        return turn.draft.end(run, _NO_MOMENT[wake_at], line=step.line)
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


def _place(draft: Draft, code: RuleCode) -> Place:
    return Place(draft.zone_of(code), draft.attributes, draft.live.plan.leap_day)


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
