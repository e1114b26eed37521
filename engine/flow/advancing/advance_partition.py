"""Decide the next events, timers and outcomes of one partition, or of several at once: one transaction a batch.

Several, because a batch costs the same ten statements whether it has one event or a thousand: under load a worker
takes all partitions that wait for it together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import get_args

import asyncpg
import structlog

from engine.errors import KogdaError, NothingPublished
from engine.failpoints import reach
from engine.flow.advancing.batch import Batch, ReadAgain, read_batch
from engine.flow.advancing.batch_sizes import Limits
from engine.flow.advancing.crediting import credit_goals
from engine.flow.advancing.crowds import NotForAll
from engine.flow.advancing.deciding import Decisions, add_short, decide, quarantined, set_failures_aside
from engine.flow.advancing.merge_customers import merge_customers
from engine.flow.advancing.set_aside import What, find_suspect, set_aside
from engine.flow.advancing.writing import write_decisions, write_progress
from engine.runtime import Runtime
from engine.storage.events.quarantine import quarantine

TRIES = 3
_BETWEEN_TRIES_S = (0.02, 0.1)
_FULL = Limits()
_WITHOUT_TIMERS = replace(_FULL, timers=0)
_NONE = Limits(events=0, timers=0, outcomes=0, appointments=0, crowd=0, customers=0)

#: Not the data's fault: tried again by whoever called, as often as it takes.
TRANSIENT = (
    OSError,
    KogdaError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a backend that was ended while its connection lay idle
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.TransactionRollbackError,
    asyncpg.InvalidTransactionStateError,
    asyncpg.LockNotAvailableError,
    asyncpg.PostgresSystemError,
    asyncpg.CheckViolationError,  # no row of ours: a month was attached while an event was on its way to the default
)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """What one batch did, and where something is left to do."""

    events: int = 0
    timers: int = 0
    outcomes: int = 0
    messages: int = 0
    customers: int = 0  # looked at after a publication that watches something else
    more: frozenset[int] = frozenset()  # partitions with a further batch waiting
    held: frozenset[int] = frozenset()  # their next events wait for a transaction that has not ended
    moved: frozenset[int] = frozenset()  # some of their events were decided
    busy: frozenset[int] = frozenset()  # another worker has them

    def __bool__(self) -> bool:
        return bool(self.events or self.timers or self.outcomes or self.customers)


@dataclass(frozen=True, slots=True)
class _Way:
    """How one batch is tried."""

    partitions: frozenset[int]
    limits: Limits
    wait: bool = False  # for locks that others hold
    carefully: bool = False  # some row may exist already
    attempt: int = 1

    def alone(self) -> _Way:
        """Each customer is decided by itself."""
        return replace(self, limits=replace(self.limits, crowd=0))


class _Failed(Exception):
    """Some rule raised: the batch is rolled back and tried again."""


async def advance_partition(runtime: Runtime, partition: int) -> Progress:
    """One batch. Idempotent in effect: what is committed is never decided twice."""
    return await advance_partitions(runtime, (partition,))


async def advance_partitions(runtime: Runtime, partitions: Iterable[int], *, timers: bool = True) -> Progress:
    """One batch of several partitions. Partitions that another worker has locked are skipped.

    Without `timers`, due timers fire only for customers who also have an event or an outcome in the batch.
    """
    chosen = sorted(set(partitions))
    with runtime.programs.in_use():
        try:
            progress = await _try(runtime, chosen, _FULL if timers else _WITHOUT_TIMERS)
        except (NothingPublished, *TRANSIENT):
            raise
        except Exception as error:
            _log.warning("batch_failed", partitions=chosen, error=repr(error))
            progress = await pass_poison(runtime, chosen)
    if progress.messages:
        await runtime.waker.wake_delivery()
        reach("decide.woken")
    return progress


async def _try(runtime: Runtime, partitions: Sequence[int], limits: Limits) -> Progress:
    """Rules that raise are tried three times, then set aside."""
    way = _Way(frozenset(partitions), limits)
    while True:
        try:
            return await _advance(runtime, way)
        except ReadAgain as again:
            way = replace(way, partitions=way.partitions | again.partitions, wait=way.wait or bool(again.partitions))
        except asyncpg.UniqueViolationError:
            if way.carefully:
                raise
            way = replace(way.alone(), carefully=True)
        except NotForAll:
            way = way.alone()
        except _Failed:
            await asyncio.sleep(_BETWEEN_TRIES_S[way.attempt - 1])
            way = replace(way.alone(), attempt=way.attempt + 1)


async def _advance(runtime: Runtime, way: _Way) -> Progress:
    partitions = sorted(way.partitions)
    async with runtime.database.transaction() as connection:
        batch = await read_batch(connection, runtime, partitions, way.limits, wait=way.wait)
        if batch is None:
            return Progress(busy=frozenset(partitions))
        reach("decide.read")
        decisions = decide(batch, runtime.programs.by_id)
        if decisions.short:
            await add_short(connection, batch, decisions)
        if decisions.failures:
            if way.attempt < TRIES:
                raise _Failed
            set_failures_aside(batch, decisions, tries=TRIES)
        await write_decisions(connection, decisions, carefully=way.carefully)
        if decisions.goals:
            await credit_goals(connection, runtime, decisions.goals, live=batch.live.program.rule_set)
        reach("decide.written")
        if _has_moved(batch):
            await write_progress(connection, batch)
        if batch.merges:
            told = await merge_customers(connection, runtime, batch)
            if told.failures and way.attempt < TRIES:
                raise _Failed
            if told.failures:
                await quarantine(connection, [quarantined(failure, TRIES) for failure in told.failures])
            decisions.messages += told.messages
        reach("decide.moved")
    reach("decide.committed")
    return _progress(batch, decisions, partitions)


def _has_moved(batch: Batch) -> bool:
    standing = batch.standing.due or batch.standing.slices
    read = batch.timers or batch.outcomes or batch.lost_outcomes or standing
    return bool(read or any(each.rows for each in batch.backlogs))


def _progress(batch: Batch, decisions: Decisions, partitions: Sequence[int]) -> Progress:
    locked = frozenset(backlog.cursor.partition for backlog in batch.backlogs)
    left = {backlog.cursor.partition for backlog in batch.backlogs if backlog.next_received_at and not backlog.held}
    forwarded = {partition for _, (partition, _) in batch.forwards}
    forwarded |= {partition for _, _, (partition, _) in batch.lost_outcomes}
    forwarded |= {partition for partition, _ in decisions.withdrawals}  # their outcomes
    if batch.standing.is_watched:
        forwarded |= {merge.target_partition for merge in batch.merges}  # to look at them again
    return Progress(
        events=sum(len(backlog.rows) for backlog in batch.backlogs),
        timers=batch.timers + len(batch.standing.due) + sum(map(len, decisions.copied)),
        customers=sum(len(each.customers) + each.noted for each in batch.standing.slices),
        outcomes=len(batch.outcomes),
        messages=len(decisions.messages) + sum(each.messages for each in decisions.copied),
        more=frozenset(left | forwarded | batch.due_left | batch.standing.left),
        held=frozenset(backlog.cursor.partition for backlog in batch.backlogs if backlog.held),
        moved=frozenset(backlog.cursor.partition for backlog in batch.backlogs if backlog.rows),
        busy=frozenset(partitions) - locked,
    )


async def pass_poison(runtime: Runtime, partitions: Sequence[int]) -> Progress:
    """Something other than a rule failed. Halve the batch until the culprit stands alone, then put it in quarantine.

    What lies before it is decided and committed on the way, so that healthy rows do not wait for long.
    """
    messages = 0
    for partition in partitions:
        for what in get_args(What):
            messages += await _pass_poison_of(runtime, partition, what)
    return Progress(messages=messages, more=frozenset(partitions))


async def _pass_poison_of(runtime: Runtime, partition: int, what: What) -> int:
    """Returns how many messages were decided on the way."""
    size = _FULL.events // 2
    suspect, tries = None, 0
    while True:
        if size == 1:
            found = await find_suspect(runtime.database, partition, what)
            suspect, tries = found, (tries if found == suspect else 0) + 1
        try:
            limits = replace(_NONE, **{what: size}, events_only_of=partition)
            return (await _try(runtime, (partition,), limits)).messages
        except (NothingPublished, *TRANSIENT):
            raise
        except Exception as error:
            if suspect is None:
                size //= 2
            elif tries < TRIES:
                await asyncio.sleep(_BETWEEN_TRIES_S[tries - 1])
            else:
                await set_aside(runtime.database, suspect, error, tries=tries)
                reach("poison.committed")
                return 0
