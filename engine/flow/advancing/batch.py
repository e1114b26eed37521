"""One batch: everything that is read of some partitions before their customers are decided, in a few queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from engine.core.identity import customer_id, partition_of
from engine.core.model import Appointment, Customer, Facts, OnceMark, Outcome, Run
from engine.errors import NothingPublished, RuleSetCorrupt
from engine.flow.advancing.batch_sizes import Limits
from engine.flow.advancing.past import Looker, past_of
from engine.flow.advancing.policy_facts import with_policy_facts
from engine.flow.advancing.standing import Looking, Standing, find_standing, noted_of, with_at_least
from engine.runtime import LoadedRules, Programs, Runtime
from engine.storage.customers.bulk import create_customers, customer_stubs, load_customers
from engine.storage.customers.history import by_customer
from engine.storage.database import Connection
from engine.storage.events.cursors import Cursor, lock_cursors
from engine.storage.events.queue import IDENTIFY, MERGE, TRACK, Backlog, peek_events, read_events
from engine.storage.rules.published import LIVE
from engine.storage.runs.bulk import due_customers, runs_by_id, runs_of_customers
from engine.storage.runs.count_marks import count_marks_of
from engine.storage.runs.decisions import recent_templates
from engine.storage.runs.once_marks import marks_of_customers
from engine.storage.runs.outcomes import read_outcomes

#: How long the same template is not sent twice to one customer (S24).
_SAME_MESSAGE = timedelta(minutes=1)
#: A chain of merges that is longer can only be a circle: its events end in quarantine.
MOST_HOPS = 64


class ReadAgain(Exception):
    """The batch must be read again: it needs more locks, or bodies of events that only an older rule set looks into."""

    def __init__(self, partitions: Collection[int] = ()) -> None:
        super().__init__("read again")
        self.partitions = frozenset(partitions)  # to be locked as well


@dataclass(frozen=True, slots=True)
class Merge:
    """An anonymous customer turns out to be a known one."""

    partition: int
    source: UUID
    target_partition: int
    target: UUID
    target_key: str


@dataclass(slots=True)
class Work:
    """What is to be decided for one customer."""

    partition: int
    events: list[Any] = field(default_factory=list)  # rows of the queue, in order
    outcomes: list[Outcome] = field(default_factory=list)
    is_told: bool = False  # some event came with its body, because a rule might look into it
    is_due: bool = False
    is_new: bool = False  # without a row until now, so without a history
    is_open: bool = True  # a client's context could still tell us a zone or locale
    runs: list[Run] = field(default_factory=list)


@dataclass(slots=True)
class Batch:
    now: datetime  # the database's
    live: LoadedRules
    backlogs: list[Backlog]
    works: dict[UUID, Work] = field(default_factory=dict)
    facts: dict[UUID, Facts] = field(default_factory=dict)  # of those whose rules may have something to decide
    merges: list[Merge] = field(default_factory=list)
    forwards: list[tuple[Any, tuple[int, UUID]]] = field(default_factory=list)  # event row -> target
    lost_outcomes: list[tuple[int, UUID, tuple[int, UUID]]] = field(
        default_factory=list
    )  # partition, message -> target
    lost_runs: list[tuple[int, Run, str]] = field(default_factory=list)  # whose rule set is damaged, and how
    homeless: list[UUID] = field(default_factory=list)  # events that were sent on too often
    outcomes: list[tuple[int, UUID, str]] = field(
        default_factory=list
    )  # partition, message, state: read, to be deleted
    timers: int = 0
    standing: Standing = field(default_factory=lambda: Standing(""))
    due_left: set[int] = field(default_factory=set)  # partitions with more due than was read

    @property
    def horizons(self) -> Mapping[int, datetime]:
        """By partition, up to when timers may fire: not those after an event that still waits in the queue (S24)."""
        return {
            backlog.cursor.partition: min(self.now, backlog.next_received_at or self.now) for backlog in self.backlogs
        }


async def read_batch(
    connection: Connection, runtime: Runtime, partitions: Sequence[int], limits: Limits, *, wait: bool = False
) -> Batch | None:
    """Lock what is free of `partitions` and read it. None: all are held by other workers. Raises ReadAgain."""
    cursors = await lock_cursors(connection, partitions, wait=wait)
    if not cursors:
        return None
    moment = await connection.fetchrow(f"SELECT clock_timestamp() AS now, ({LIVE}) AS live")
    assert moment is not None
    if moment["live"] is None:
        raise NothingPublished
    live = await runtime.programs.load(connection, moment["live"])
    names = runtime.programs.told
    backlogs = await _backlogs(connection, cursors, limits.beside(len(live.program.segments)), names)
    batch = Batch(moment["now"], live, backlogs)
    _queue_events(batch, runtime.partitions)
    _require_locks(batch, cursors)
    locked = [cursor.partition for cursor in cursors]
    await _find_due(connection, batch, limits)
    await _find_standing(connection, batch, cursors, limits)
    if batch.works or batch.merges:
        await _know_customers(connection, batch, runtime.partitions)
        await _find_runs(connection, batch, runtime, locked, names)
        await _gather_facts(connection, batch, runtime)
    return batch


async def _backlogs(
    connection: Connection, cursors: Sequence[Cursor], limits: Limits, names: Collection[str]
) -> list[Backlog]:
    if limits.events == 0:
        return await peek_events(connection, cursors)
    if limits.events_only_of is not None:
        others = [cursor for cursor in cursors if cursor.partition != limits.events_only_of]
        cursors = [cursor for cursor in cursors if cursor.partition == limits.events_only_of]
        backlogs = await read_events(connection, cursors, limit=limits.events, names=names)
        return [*backlogs, *await peek_events(connection, others)]
    each = max(1, limits.events // len(cursors))
    return await read_events(connection, cursors, limit=each, names=names)


def _queue_events(batch: Batch, partitions: int) -> None:
    merged: dict[UUID, Merge] = {}
    for backlog in batch.backlogs:
        partition = backlog.cursor.partition
        for row in backlog.rows:
            customer = row["customer"]
            if row["kind"] == MERGE:
                merge = _merge_of(row, partitions)
                if merge.target != merge.source:
                    batch.merges.append(merge)
                    merged[customer] = merge
            elif merged and customer in merged:
                target = merged[customer]
                batch.forwards.append((row, (target.target_partition, target.target)))
                continue
            work = _work(batch, customer, partition)
            work.events.append(row)
            work.is_told = work.is_told or row["body"] is not None


def _merge_of(row: Any, partitions: int) -> Merge:
    key = row["body"]["properties"]["into"]
    target = customer_id(key)
    return Merge(row["partition"], row["customer"], partition_of(target, partitions), target, key)


def _work(batch: Batch, customer: UUID, partition: int) -> Work:
    work = batch.works.get(customer)
    if work is None:
        work = batch.works[customer] = Work(partition)
    return work


def _require_locks(batch: Batch, cursors: Sequence[Cursor]) -> None:
    locked = {cursor.partition for cursor in cursors}
    wanted = {merge.target_partition for merge in batch.merges} - locked
    if wanted:
        raise ReadAgain(wanted | {merge.partition for merge in batch.merges})


async def _find_due(connection: Connection, batch: Batch, limits: Limits) -> None:
    horizons = batch.horizons
    each = max(1, limits.timers // len(horizons))
    due = await due_customers(connection, list(horizons.items()), limit=each) if limits.timers else []
    for partition, customer in due:
        _work(batch, customer, partition).is_due = True
    outcomes = await read_outcomes(connection, list(horizons), limit=limits.outcomes) if limits.outcomes else []
    for partition, customer, outcome in outcomes:
        _work(batch, customer, partition).outcomes.append(outcome)
        batch.outcomes.append((partition, outcome.message, outcome.state))
    batch.timers = len(due)
    batch.due_left = set(with_at_least(each, ((partition, 1) for partition, _ in due)))
    if outcomes and len(outcomes) >= limits.outcomes:
        batch.due_left.update(partition for partition, _, _ in outcomes)


async def _find_standing(connection: Connection, batch: Batch, cursors: Sequence[Cursor], limits: Limits) -> None:
    sizes = (limits.appointments, limits.customers, limits.crowd)
    looking = Looking(batch.live, batch.now, *sizes, busy=batch.works.keys())
    batch.standing = await find_standing(connection, cursors, looking, horizons=batch.horizons)
    for partition, customer in batch.standing.due:
        _work(batch, customer, partition).is_due = True
    for each in batch.standing.slices:
        for customer in each.customers:
            _work(batch, customer, each.partition).is_due = True


async def _know_customers(connection: Connection, batch: Batch, partitions: int) -> None:
    """Make rows for new customers; send on what belongs to merged ones."""
    stubs = await customer_stubs(connection, *_places(batch, batch.works))
    merges_again = {merge.source for merge in batch.merges}
    new = []
    for customer, work in list(batch.works.items()):
        stub = stubs.get(customer)
        if stub is None:
            if work.events:
                work.is_new = True
                first = work.events[0]
                new.append((work.partition, customer, first["key"], first["received_at"]))
        elif stub["merged_into"] is not None and customer not in merges_again:
            target = stub["merged_into"]
            _send_on(batch, customer, (partition_of(target, partitions), target))
        else:
            work.is_open = stub["open"]
    if new:
        await create_customers(connection, new)


def _send_on(batch: Batch, customer: UUID, target: tuple[int, UUID]) -> None:
    work = batch.works[customer]
    batch.forwards += [(row, target) for row in work.events if _hops(row) < MOST_HOPS]
    batch.homeless += [row["id"] for row in work.events if _hops(row) >= MOST_HOPS]
    batch.lost_outcomes += [(work.partition, outcome.message, target) for outcome in work.outcomes]
    sent_on = {outcome.message for outcome in work.outcomes}
    batch.outcomes = [each for each in batch.outcomes if each[1] not in sent_on]
    del batch.works[customer]


def _hops(row: Any) -> int:
    return int(row["body"].get("hops", 0)) if row["body"] else 0


async def _find_runs(
    connection: Connection, batch: Batch, runtime: Runtime, locked: Sequence[int], names: Collection[str]
) -> None:
    old = [customer for customer, work in batch.works.items() if not work.is_new]
    runs = await runs_of_customers(connection, *_places(batch, old), batch.now)
    reported = {outcome.run for work in batch.works.values() for outcome in work.outcomes}
    ended = reported - {run.id for run in runs}
    if ended:  # what was not sent after all frees its once-mark, also when the run is over
        runs += [run for run in await runs_by_id(connection, locked, ended) if run.customer in batch.works]
    damaged: dict[int, str] = {}
    for rule_set in {run.rule_set for run in runs}:
        try:
            await runtime.programs.load(connection, rule_set)
        except RuleSetCorrupt as error:
            damaged[rule_set] = str(error)
    batch.lost_runs = [
        (batch.works[run.customer].partition, run, damaged[run.rule_set]) for run in runs if run.rule_set in damaged
    ]
    runs = [run for run in runs if run.rule_set not in damaged]
    if not runtime.programs.told <= frozenset(names):
        raise ReadAgain  # an older rule set listens to more: the bodies of those events were not read
    for run in runs:
        batch.works[run.customer].runs.append(run)


async def _gather_facts(connection: Connection, batch: Batch, runtime: Runtime) -> None:
    programs = runtime.programs
    interest = programs.interest
    wanted = {customer for customer, work in batch.works.items() if _may_decide(work, batch, interest)}
    if not wanted:
        return
    old = {customer for customer in wanted if not batch.works[customer].is_new}
    facts = await _known_facts(connection, batch, programs, old) if old else {}
    for customer, work in batch.works.items():
        if customer in facts:
            batch.facts[customer] = facts[customer]
        elif customer in wanted and work.is_new:
            new = Customer(id=customer, key=work.events[0]["key"])
            batch.facts[customer] = Facts(customer=new, is_new=True)
    involved = [programs.by_id[rule_set] for rule_set in _rule_sets(batch, wanted)]
    if any(program.limited or program.chooses for program in involved):
        partitions = {customer: batch.works[customer].partition for customer in batch.facts}
        batch.facts = await with_policy_facts(connection, batch.facts, involved, partitions=partitions)


def _places(batch: Batch, customers: Iterable[UUID]) -> tuple[list[int], list[UUID]]:
    """Partitions and customers, in pairs: every pair is one probe of an index."""
    chosen = list(customers)
    return [batch.works[customer].partition for customer in chosen], chosen


async def _known_facts(
    connection: Connection, batch: Batch, programs: Programs, wanted: set[UUID]
) -> dict[UUID, Facts]:
    places = _places(batch, wanted)
    customers = await load_customers(connection, *places)
    involved = [programs.by_id[rule_set] for rule_set in _rule_sets(batch, wanted)]
    cursors = {backlog.cursor.partition: backlog.cursor for backlog in batch.backlogs}
    memberships, appointments = await noted_of(connection, batch.standing, *places)
    lookers = {
        each: Looker(
            cursor=cursors[work.partition],
            events=work.events,
            runs=work.runs,
            due=_due(appointments[each], batch.now) if each in appointments else (),
        )
        for each, work in batch.works.items()
        if each in wanted
    }
    past = await past_of(connection, programs.by_id, batch.live.program, lookers, now=batch.now)
    counted = await count_marks_of(connection, *places) if any(program.counts for program in involved) else {}
    marks: dict[UUID, list[OnceMark]] = {}
    if any(code.rule.once or program.limited for program in involved for code in program.rules):
        for customer, mark in await marks_of_customers(connection, *places):
            marks.setdefault(customer, []).append(mark)
    recent = by_customer(await recent_templates(connection, *places, batch.now - _SAME_MESSAGE))
    return {
        customer: Facts(
            customer=found,
            runs=tuple(batch.works[customer].runs),
            once=tuple(marks.get(customer, ())),
            counted=counted.get(customer, ()),
            last_seen=past[customer].newest,
            history=past[customer].history,
            last_messages=recent.get(customer, {}),
            memberships=memberships.get(customer, {}),
            appointments=tuple(appointments.get(customer, ())),
            is_looked_at=batch.standing.has_looked_at(batch.works[customer].partition, customer),
        )
        for customer, found in customers.items()
    }


def _due(appointments: Iterable[Appointment], now: datetime) -> list[datetime]:
    return [each.at for each in appointments if each.at is not None and each.at <= now]


def _may_decide(work: Work, batch: Batch, interest: Collection[str]) -> bool:
    """Most events start no run and concern none: this tells which, before anything more is read for them."""
    if work.is_due or work.outcomes:
        return True
    if batch.standing.is_watched and (work.is_new or work.partition in batch.standing.unfilled):
        return True
    return work.is_told and any(_may_act(row, work, batch.live, interest) for row in work.events)


def _may_act(row: Any, work: Work, live: LoadedRules, interest: Collection[str]) -> bool:
    body, name = row["body"], row["name"]
    if body is None or row["kind"] != TRACK:
        return bool(row["kind"] == IDENTIFY)
    if (work.is_open and "context" in body) or (work.runs and name in interest):
        return True
    if name in live.watched:
        return True
    starts = live.program.dispatch.get(name)
    return starts is not None and starts.may_match(body.get("properties") or {})


def _rule_sets(batch: Batch, customers: Iterable[UUID]) -> set[int]:
    pinned = {run.rule_set for customer in customers for run in batch.works[customer].runs}
    return pinned | {batch.live.program.rule_set}
