"""The one decision of the engine: what a customer's events, outcomes and timers cause. Pure, always the same."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from engine.core.customers import with_context, with_traits
from engine.core.draft import Draft
from engine.core.effects import Effects
from engine.core.matching import is_after_start, is_awaited, matches, stop_reason
from engine.core.model import Customer, Event, Facts, Outcome, Run
from engine.core.program import Order, Program
from engine.core.rule_guards.once_per import release
from engine.core.starting import start_rules
from engine.core.stepping import arrive, follow, message_id, proceed, wake


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
    draft.queue.extend(events)
    _drain(draft)
    for outcome in outcomes:
        _settle(draft, outcome)
        _drain(draft)
    _fire(draft, horizon)
    return draft.effects()


def _drain(draft: Draft) -> None:
    while draft.queue:
        _decide(draft, draft.queue.popleft())


def _decide(draft: Draft, event: Event) -> None:
    """Stops and cancels come first, for all runs (S24); then what runs wait for; then starts, by priority."""
    if event.kind == "merge":
        return
    if event.context and (draft.customer.timezone is None or draft.customer.locale is None):
        _change_customer(draft, with_context(draft.customer, event.context))
    if event.kind == "identify":
        _change_customer(draft, with_traits(draft.customer, event.properties, draft.live.plan.attributes))
        return
    draft.see(event.name, event.at)
    for run in draft.runs_concerned(event.name):
        with draft.attempt(run.rule, run.rule_set, event=event.id, run=run.id):
            _measure(draft, run, event)
            _stop(draft, run.id, event)
    for run in draft.runs_concerned(event.name):
        if run.waits_for_event and run.state != "ended":
            with draft.attempt(run.rule, run.rule_set, event=event.id, run=run.id):
                _meet(draft, run, event)
    start_rules(draft, event)


def _change_customer(draft: Draft, customer: Customer) -> None:
    if customer != draft.customer:
        before = draft.customer
        draft.change_customer(customer)
        follow(draft, before)


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


def _settle(draft: Draft, outcome: Outcome) -> None:
    """A message has its verdict: the run that waited for it goes on from that moment (S18)."""
    run = draft.runs.get(outcome.run)
    if run is None:
        return
    with draft.attempt(run.rule, run.rule_set, run=run.id):
        code = draft.code_of(run)
        is_awaited = run.state == "sending" and outcome.message == message_id(run, run.step - 1)
        if outcome.state in ("sent", "unknown"):
            run = run.but(sent=run.sent + 1)
        elif run.sent == 0 and (is_awaited or run.state != "sending"):  # else what a restarted run says now counts
            release(draft, code, run)
        draft.put(run)
        if is_awaited:
            proceed(draft, code, run.but(state="waiting"), outcome.at)


def _fire(draft: Draft, horizon: datetime) -> None:
    """Due timers by their time, then by the order of their rules."""
    due = [_due(draft, run) for run in draft.active_runs() if run.wake_at is not None and run.wake_at <= horizon]
    heapq.heapify(due)
    while due and not draft.is_exhausted:
        wake_at, _, run_id = heapq.heappop(due)
        run = draft.runs[run_id]
        if run.state == "ended" or run.wake_at != wake_at:
            continue
        before = dict(draft.runs)
        with draft.attempt(run.rule, run.rule_set, run=run.id):
            wake(draft, run)
        _drain(draft)
        for changed in draft.active_runs():
            if changed is not before.get(changed.id) and changed.wake_at is not None and changed.wake_at <= horizon:
                heapq.heappush(due, _due(draft, changed))


def _due(draft: Draft, run: Run) -> tuple[datetime, Order, UUID]:
    return run.wake_at or draft.now, draft.order_of(run), run.id
