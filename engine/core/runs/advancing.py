"""The one decision of the engine: what a customer's events, outcomes and timers cause. Pure, always the same."""

from __future__ import annotations

import heapq
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from engine.core.conditions.program import Order, Program
from engine.core.customers import misfits_of, with_context, with_traits
from engine.core.delivery.consent import entries_between
from engine.core.delivery.double_opt_in import asking, by_mail, held_back, to_ask, with_asked
from engine.core.delivery.ways import is_bounce
from engine.core.effects import Effects, Misfit
from engine.core.fitting import unfit_properties
from engine.core.model import Customer, Errand, Event, Facts, Outcome, Run
from engine.core.rule_guards.reservations import release
from engine.core.runs.draft import Draft
from engine.core.runs.following import follow
from engine.core.runs.matching import is_after_start, is_awaited, matches, stop_reason
from engine.core.runs.sequences import end_wait, meet_part
from engine.core.runs.settling import hear_bounce, settle
from engine.core.runs.starting import may_start, start_rules
from engine.core.runs.stepping import arrive, wake
from engine.core.standing import tending
from engine.core.standing.change import Change, Occasion
from engine.core.standing.index import WakeKey


def advance(
    programs: Mapping[int, Program],
    live: int,
    facts: Facts,
    events: Sequence[Event],
    outcomes: Sequence[Outcome],
    *,
    now: datetime,
    horizon: datetime,
) -> Effects:
    """Decide one customer's events in their order, then outcomes, then timers due up to `horizon`.

    `programs` holds the live rule set and every one that a run of the facts is pinned to; `now` is the database's
    time of the batch. What rules emit is decided after the events already read, and never read again (D20).
    """
    draft = Draft(programs, programs[live], facts, now)
    tending.settle(draft)
    draft.queue.extend(events)
    _drain(draft)
    for outcome in outcomes:
        settle(draft, outcome)
        _drain(draft)
    _fire(draft, horizon)
    return draft.effects()


def _drain(draft: Draft) -> None:
    while draft.queue:
        following = draft.queue.popleft()
        if isinstance(following, Change):
            tending.after_change(draft, following)
        else:
            _decide(draft, following)


def _decide(draft: Draft, event: Event) -> None:
    """Stops and cancels come first, for all runs (S24); then what runs wait for; then starts, by priority."""
    if event.kind == "merge":
        return
    if event.context and (draft.customer.timezone is None or draft.customer.locale is None):
        _change_customer(draft, with_context(draft.customer, event.context), event)
    if event.kind == "identify":
        _identify(draft, event)
        tending.after_event(draft, event, _occasion(draft, event))
        return
    draft.see(event)
    if event.properties and event.cause is None:
        _tell_misfits(draft, event)
    if draft.runs:
        _tell_runs(draft, event)
    start_rules(draft, event)
    if draft.live.standing is not None:
        tending.after_event(draft, event, _occasion(draft, event))


def _tell_misfits(draft: Draft, event: Event) -> None:
    plan = draft.live.plan
    facts = plan.events.get(event.name)
    if facts is None:
        return
    for name, kind in unfit_properties(event.properties, facts.properties, currency=plan.currency):
        value = event.properties[name]
        draft.misfits += (Misfit(event=event.id, of=event.name, name=name, kind=kind, value=value),)


def _tell_runs(draft: Draft, event: Event) -> None:
    for run in draft.runs_concerned(event.name):
        with draft.attempt(run.rule, run.rule_set, event=event.id, run=run.id):
            _measure(draft, run, event)
            _stop(draft, run.id, event)
    for run in draft.runs_concerned(event.name):
        if (run.waits_for_event or run.stage) and run.state != "ended":
            with draft.attempt(run.rule, run.rule_set, event=event.id, run=run.id):
                (meet_part if run.stage else _meet)(draft, run, event)
        elif is_bounce(run, event):
            with draft.attempt(run.rule, run.rule_set, event=event.id, run=run.id):
                hear_bounce(draft, run, event)


def _occasion(draft: Draft, event: Event) -> Occasion:
    starts = may_start(draft, event)
    return Occasion(id=event.id.hex, at=event.at, starts=starts, cause=event.cause, event=event.id)


def _identify(draft: Draft, event: Event) -> None:
    plan = draft.live.plan
    told = with_traits(draft.customer, event.properties, plan.attributes, at=event.at)
    for name, kind in misfits_of(event.properties, plan.attributes):
        draft.misfits += (Misfit(event=event.id, name=name, kind=kind, value=event.properties[name]),)
    wanted: tuple[str, ...] = ()
    if plan.double_opt_in and told.consent != draft.customer.consent:
        told, wanted = held_back(draft.customer, told, plan.double_opt_in)
    _change_customer(draft, told, event)
    for together in by_mail(to_ask(draft.customer, wanted, event.at), draft.live.asking_mails):
        entries, asked = asking(event, together)
        draft.change_customer(with_asked(draft.customer, together, event.at))
        draft.consents += entries
        draft.emit(asked)


def _change_customer(draft: Draft, customer: Customer, event: Event) -> None:
    if customer != draft.customer:
        before = draft.customer
        if customer.consent != before.consent:
            draft.consents += tuple(entries_between(before.consent, customer.consent, event=event.id, at=event.at))
        draft.change_customer(customer)
        follow(draft, before)
        if draft.live.standing is not None:
            tending.after_change(draft, Change(before=before, after=customer, occasion=_occasion(draft, event)))


def _measure(draft: Draft, run: Run, event: Event) -> None:
    """A goal is reached once, in its time; it steers nothing."""
    if run.goal_until is None or run.goal_at is not None or run.rule_set not in draft.programs:
        return
    goal = draft.code_of(run).goal
    if goal is None or not (is_after_start(run, event) and event.at <= run.goal_until):
        return
    if matches(draft, goal, run, event):
        draft.put(run.but(goal_at=event.at))


def _stop(draft: Draft, run_id: UUID, event: Event) -> None:
    run = draft.runs[run_id]
    if run.state == "ended" or not is_after_start(run, event):
        return
    code = draft.code_of(run)
    found = stop_reason(draft, code, run, event)
    if found is None:
        return
    reason, line = found
    if draft.withdraw(run, reason) and run.sent == 0:
        release(draft, code, run)
    draft.end(run, reason, line=line)


def _meet(draft: Draft, run: Run, event: Event) -> None:
    if is_awaited(run, event) and matches(draft, draft.code_of(run).waits_for[run.step - 1], run, event):
        arrive(draft, run, event)


def _fire(draft: Draft, horizon: datetime) -> None:
    """Due timers of runs, and due appointments, by their time, then by the order of their rules; of one rule's runs the
    oldest first."""
    if draft.to_plan or draft.to_look:
        tending.make_appointments(draft)
    due = [_due(draft, run) for run in draft.runs.values() if _is_due(run, horizon)]
    if draft.appointments:
        due += [_due_appointment(draft, key, at) for key, at in tending.due(draft, horizon)]
    if not due:
        return
    heapq.heapify(due)
    while due and not draft.is_exhausted:
        at, *_, what = heapq.heappop(due)
        runs, appointments = dict(draft.runs), draft.appointments
        has_acted = _wake(draft, draft.runs[what], at) if isinstance(what, UUID) else _keep(draft, what, at, horizon)
        if not has_acted:
            continue
        _drain(draft)
        tending.make_appointments(draft)
        for changed in draft.runs.values():
            if _is_due(changed, horizon) and changed is not runs.get(changed.id):
                heapq.heappush(due, _due(draft, changed))
        for key, at in tending.due(draft, horizon):
            if draft.appointments[key] is not appointments.get(key):
                heapq.heappush(due, _due_appointment(draft, key, at))


def _is_due(run: Run, horizon: datetime) -> bool:
    return run.wake_at is not None and run.wake_at <= horizon and run.state != "ended"


def _wake(draft: Draft, run: Run, at: datetime) -> bool:
    """False: it has moved meanwhile."""
    if run.state == "ended" or run.wake_at != at:
        return False
    with draft.attempt(run.rule, run.rule_set, run=run.id):
        (end_wait if run.stage else wake)(draft, run)
    return True


def _keep(draft: Draft, key: WakeKey, at: datetime, horizon: datetime) -> bool:
    if draft.appointments[key].at != at:
        return False
    tending.keep(draft, key, horizon)
    return True


class Due(NamedTuple):
    """What has fallen due, in the order in which it is taken."""

    at: datetime
    order: Order
    errand: Errand | Literal[""]  # "": the timer of a run
    began_at: datetime | None  # the run
    what: UUID | WakeKey  # the run, or the appointment of a rule or segment; of one errand all are of one sort


def _due(draft: Draft, run: Run) -> Due:
    return Due(run.wake_at or draft.now, draft.order_of(run), "", run.began_at, run.id)


def _due_appointment(draft: Draft, key: WakeKey, at: datetime) -> Due:
    """Segments first: rules ask about them."""
    code = draft.live.by_name.get(key[1]) if key[0] != "segment" else None
    return Due(at, code.order if code is not None else (-sys.maxsize, "", 0, key[1]), key[0], None, key)
