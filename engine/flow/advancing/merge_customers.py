"""An anonymous customer becomes a known one: all that it has moves, and what its history says to the other's runs
counts. Part of the batch that decides the merge event; the cursors of both partitions are locked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from engine.core.conditions.history import History, with_event
from engine.core.delivery.consent import later
from engine.core.effects import Effects
from engine.core.identity import partition_of
from engine.core.model import Customer, Event, Facts, Past, Run
from engine.core.reasons.of_runs import MERGED
from engine.core.runs.advancing import advance
from engine.failpoints import reach
from engine.flow.advancing.batch import MOST_HOPS, Batch, Merge, ReadAgain
from engine.flow.advancing.crediting import credit_goals
from engine.flow.advancing.deciding import Decisions
from engine.flow.advancing.past import Looker, past_of
from engine.flow.advancing.promo_codes import ShortOfCodes, with_codes
from engine.flow.advancing.writing import write_decisions
from engine.runtime import Runtime
from engine.storage.customers.bulk import load_customers, merge_target, save_customers
from engine.storage.customers.history import events_since
from engine.storage.customers.moves import Move, create_target, look_again, move_belongings, move_consent
from engine.storage.database import Connection
from engine.storage.events.cursors import Cursor
from engine.storage.events.stored import event_of
from engine.storage.runs.bulk import runs_of_customers
from engine.storage.runs.once_marks import hand_marks_over, marks_of_customers

_NO_TIMERS = datetime.min.replace(tzinfo=UTC)


async def merge_customers(connection: Connection, runtime: Runtime, batch: Batch) -> Decisions:
    """Carry out the merges of a batch, in the order of their events. Raises ReadAgain when a lock is missing.

    Returns what the joined histories decided. It is written already, except for the failures.
    """
    told = Decisions()
    locked = {backlog.cursor.partition for backlog in batch.backlogs}
    after = {backlog.cursor.partition: backlog.after for backlog in batch.backlogs}
    for wanted in batch.merges:
        merge = await _resolved(connection, wanted, runtime.partitions)
        if merge is None:
            continue
        if merge.target_partition not in locked:
            raise ReadAgain({merge.target_partition, merge.partition})
        await _merge(connection, merge, after[merge.partition])
        reach("merge.moved")
        decisions = await _apply_history(connection, runtime, batch, merge)
        if batch.standing.is_watched:
            decisions.memberships, decisions.new_memberships = [], []
            decisions.appointments, decisions.new_appointments = [], []
            await look_again(connection, _move_of(merge))
        await write_decisions(connection, decisions)
        reach("merge.told")
        if decisions.goals:
            await credit_goals(connection, runtime, decisions.goals, live=batch.live.program.rule_set)
        told.failures += decisions.failures
        told.messages += decisions.messages
    return told


async def _resolved(connection: Connection, merge: Merge, partitions: int) -> Merge | None:
    """Follow a target that was itself merged. None: that leads back to the source."""
    for _ in range(MOST_HOPS):
        further = await merge_target(connection, merge.target, merge.target_partition)
        if further is None:
            return merge
        if further == merge.source:
            return None
        merge = replace(merge, target=further, target_partition=partition_of(further, partitions))
    return None


def _move_of(merge: Merge) -> Move:
    return Move(merge.partition, merge.source, merge.target_partition, merge.target)


async def _merge(connection: Connection, merge: Merge, after: Cursor) -> None:
    move = _move_of(merge)
    await create_target(connection, move, merge.target_key)
    found = await load_customers(connection, [merge.partition, merge.target_partition], [merge.source, merge.target])
    source, target = found[merge.source], found[merge.target]
    empty = Customer(id=source.id, key=source.key, merged_into=target.id)
    await save_customers(connection, [(merge.partition, empty), (merge.target_partition, merged(source, target))])
    await move_belongings(connection, move, after)
    await move_consent(connection, move, merged(source, target).chosen)


def merged(source: Customer, target: Customer) -> Customer:
    """What is known of `target` wins; `source` fills in the rest. What was chosen by hand wins over what was told."""
    by_hand = later(source.chosen, target.chosen)
    return replace(
        target,
        email=target.email or source.email,
        phone=target.phone or source.phone,
        timezone=target.timezone or source.timezone,
        locale=target.locale or source.locale,
        attributes={**source.attributes, **target.attributes},
        tags=source.tags | target.tags,
        consent={
            **source.consent,
            **target.consent,
            **{what: source.consent[what] for what in by_hand & source.consent.keys()},
        },
        chosen={**source.chosen, **target.chosen, **{what: source.chosen[what] for what in by_hand}},
    )


async def _apply_history(connection: Connection, runtime: Runtime, batch: Batch, merge: Merge) -> Decisions:
    """Replay the joined history to the runs: an event of one may stop or resume a run of the other. None is started."""
    where = [merge.target_partition]
    runs = await runs_of_customers(connection, where, [merge.target], batch.now)
    decisions = Decisions()
    if not runs:
        return decisions
    for run in runs:
        await runtime.programs.load(connection, run.rule_set)
    runs, heirs = _without_doubles(runtime, batch, merge, runs, decisions)
    if heirs:
        await hand_marks_over(connection, merge.target_partition, merge.target, heirs)
    since = min(run.began_at for run in runs)
    cursor = next(each.after for each in batch.backlogs if each.cursor.partition == merge.target_partition)
    names = runtime.programs.interest
    rows = await events_since(connection, merge.target, cursor, since=since, names=names)
    history = [replace(event_of(row), historical=True) for row in rows]
    known = await _facts(connection, runtime, batch, merge, cursor=cursor, runs=runs)
    known = replace(known, history=_untold(known.history, names, since))
    held: set[str] = set()  # promo codes
    for run in runs:
        facts = replace(known, runs=(run,))
        tell = partial(_tell, runtime, batch, history=history)
        told = ShortOfCodes(facts, tell(facts), tell)
        if told.effects.short_of:
            await with_codes(connection, [told], held)
        decisions.add(merge.target_partition, facts, told.effects)
    return decisions


def _without_doubles(
    runtime: Runtime, batch: Batch, merge: Merge, runs: list[Run], decisions: Decisions
) -> tuple[list[Run], dict[UUID, UUID]]:
    """Both customers may have a run of one rule for the same key: treated as if one had started after the other (S4).

    Returns the runs that stay and, for each run that ends, the one that stays in its place.
    """
    standing: dict[tuple[str, str, bool], Run] = {}
    doubles = []
    for run in sorted((run for run in runs if run.state != "ended"), key=lambda run: (run.began_at, run.id)):
        policy = runtime.programs.by_id[run.rule_set].by_name[run.rule].rule.repeated
        place = (run.rule, run.key, run.stage > 0)  # a run in its sequence has not begun
        first = standing.get(place) if policy != "parallel" else None
        if policy == "parallel":
            continue
        stays = first is not None and (policy == "ignore" or (first.messages > 0 and policy != "restart"))
        standing[place] = first if first is not None and stays else run
        if first is not None:
            doubles.append((run if stays else first, place))
    for run, _ in doubles:
        decisions.end(merge.target_partition, run, batch.now, reason=MERGED.recorded)
    heirs = {run.id: standing[place].id for run, place in doubles}
    return [run for run in runs if run.id not in heirs], heirs


async def _facts(
    connection: Connection, runtime: Runtime, batch: Batch, merge: Merge, *, cursor: Cursor, runs: list[Run]
) -> Facts:
    where = [merge.target_partition]
    looker = Looker(cursor=cursor, runs=runs)
    programs, live = runtime.programs.by_id, batch.live.program
    past = await past_of(connection, programs, live, {merge.target: looker}, now=batch.now)
    return Facts(
        customer=(await load_customers(connection, where, [merge.target]))[merge.target],
        once=tuple(mark for _, mark in await marks_of_customers(connection, where, [merge.target])),
        last_seen=past[merge.target].newest,
        history=past[merge.target].history,
    )


def _untold(history: History, told: Collection[str], since: datetime) -> dict[str, tuple[Past, ...]]:
    """The history without the events that are replayed, from `since` on: these are added to it as they are replayed."""
    return {
        name: tuple(past for past in events if name not in told or past.at < since) for name, events in history.items()
    }


def _tell(runtime: Runtime, batch: Batch, facts: Facts, history: list[Event]) -> Effects:
    """What came before a `wait for` began can stop the run, but not end the wait."""
    run = facts.runs[0]
    since = run.since
    if run.waits_for_event and since is not None:
        deaf = replace(facts, runs=(replace(run, waits_for_event=False),))
        effects = _advance(runtime, batch, deaf, [event for event in history if event.at <= since])
        if any(changed.state == "ended" for changed in effects.runs):
            return effects
        facts = replace(facts, history=_remembered(facts.history, history, until=since))
        history = [event for event in history if event.at > since]
    return _advance(runtime, batch, facts, history)


def _remembered(history: History, told: list[Event], *, until: datetime) -> dict[str, tuple[Past, ...]]:
    known = {name: tuple(events) for name, events in history.items()}
    for event in told:
        if event.at <= until:
            known = with_event(known, event.name, Past(event.at, event.properties))
    return known


def _advance(runtime: Runtime, batch: Batch, facts: Facts, history: list[Event]) -> Effects:
    live = batch.live.program.rule_set
    return advance(runtime.programs.by_id, live, facts, history, (), now=batch.now, horizon=_NO_TIMERS)
