"""Erases a person: nothing more goes out first, then nothing is left but a hash of the addresses."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import structlog

from dsl.messages import say
from engine.clock import monotonic
from engine.core.identity import partition_of
from engine.errors import KogdaError
from engine.failpoints import reach
from engine.flow.answers.reacting import ReactionRuntime
from engine.flow.customers.find_customer import NobodyThere, find_customer
from engine.storage.customers.erasure import erase, note_erased, stop_all, undecided_merges
from engine.storage.customers.holdings import addresses_of, person_of
from engine.storage.database import Connection
from engine.storage.events.cursors import lock_cursors

#: How long it waits for what is being handed over at this moment.
PATIENCE = timedelta(seconds=20)
_LOOK_AGAIN_S = (0.05, 0.1, 0.2, 0.5)
_TRIES = 5

_log = structlog.get_logger(__name__)


class StillInHand(KogdaError):
    """A provider has not answered for a message to the person, or nobody has decided yet that somebody else is this
    person. Nothing else will go out; the rest waits for that."""

    def __init__(self, messages: int) -> None:
        super().__init__(
            say(
                "a message to this customer, or a merge, is still under way; nothing more will follow: erase again soon"
            )
        )
        self.messages = messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """Rows removed or made nobody's, by table."""

    customers: int  # with those that were merged into it
    rows: Mapping[str, int] = field(default_factory=dict)


async def erase_customer(runtime: ReactionRuntime, key: str, *, patience: timedelta = PATIENCE) -> Erased:
    """Idempotent. Raises NobodyThere, and StillInHand when a message did not come back in time."""
    async with runtime.database.connection() as connection:
        root, _ = await find_customer(connection, key, runtime.partitions)
    ends_at, rounds = monotonic() + patience.total_seconds(), 0
    while True:
        erased, in_hand = await _with_tries(runtime, root.id)
        if erased is not None:
            _log.info("customer_erased", customers=erased.customers, rows=sum(erased.rows.values()))
            return erased
        if monotonic() >= ends_at:
            raise StillInHand(in_hand)
        await asyncio.sleep(_LOOK_AGAIN_S[min(rounds, len(_LOOK_AGAIN_S) - 1)])
        rounds += 1


async def _with_tries(runtime: ReactionRuntime, root: UUID) -> tuple[Erased | None, int]:
    """Tries again after a deadlock: a worker that settles several messages of the person locks in another order."""
    for _ in range(_TRIES - 1):
        try:
            return await _commit(runtime, root)
        except (asyncpg.DeadlockDetectedError, _Changed):
            continue
    return await _commit(runtime, root)


class _Changed(Exception):
    """Somebody was merged into the person between two looks."""


async def _commit(runtime: ReactionRuntime, root: UUID) -> tuple[Erased | None, int]:
    partition = partition_of(root, runtime.partitions)
    async with runtime.database.transaction() as connection:
        await connection.execute("SET LOCAL lock_timeout = '20s'")
        seen = await person_of(connection, partition, root)
        if seen is None:
            raise NobodyThere(str(root))
        await lock_cursors(connection, seen.partitions, wait=True)
        done = await _erase(connection, partition, root, locked=seen.partitions)
        reach("erase.written")
    reach("erase.committed")
    return done


async def _erase(connection: Connection, partition: int, root: UUID, *, locked: list[int]) -> tuple[Erased | None, int]:
    person = await person_of(connection, partition, root, lock=True)
    if person is None:
        raise NobodyThere(str(root))
    if person.partitions != locked:
        raise _Changed
    in_hand = await stop_all(connection, person) + await undecided_merges(connection, person)
    if in_hand:
        return None, in_hand
    addresses = await addresses_of(connection, person)
    await note_erased(connection, person, addresses)
    rows = await erase(connection, person, addresses, uuid4())
    return Erased(customers=len(person.customers), rows=rows), 0
