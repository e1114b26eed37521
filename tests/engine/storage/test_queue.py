"""Reading the queue loses nothing, whatever order transactions commit in."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID, uuid4

import orjson

from engine.core.identity import customer_id, partition_of
from engine.storage.database import Connection, Database
from engine.storage.events.cursors import lock_cursors, move_cursors
from engine.storage.events.events_in import TRACK, NewEvent, insert_events
from engine.storage.events.queue import read_events
from engine.storage.installation import found_installation

PARTITIONS = 4
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
NAIVE = "CREATE TABLE naive (id bigserial PRIMARY KEY, event uuid NOT NULL)"


def event(number: int) -> NewEvent:
    key = f"u:{number}"
    customer = customer_id(key)
    body = orjson.Fragment(orjson.dumps({"key": key, "properties": {}}))
    partition = partition_of(customer, PARTITIONS)
    return NewEvent(uuid4(), partition, customer, TRACK, "page_viewed", _EPOCH, "test", body)


class Reader:
    """Reads both ways: by the cursor, and as a naive reader of a serial id would."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.seen: list[UUID] = []
        self.naive: list[UUID] = []
        self._last = 0

    async def read(self) -> int:
        async with self.database.transaction() as connection:
            cursors = await lock_cursors(connection, range(PARTITIONS))
            backlogs = await read_events(connection, cursors, limit=500, names=())
            await move_cursors(connection, [(backlog.cursor, backlog.after) for backlog in backlogs])
        found = [row["id"] for backlog in backlogs for row in backlog.rows]
        self.seen += found
        return len(found)

    async def read_naively(self) -> None:
        async with self.database.connection() as connection:
            rows = await connection.fetch("SELECT id, event FROM naive WHERE id > $1 ORDER BY id", self._last)
        self.naive += [row["event"] for row in rows]
        self._last = rows[-1]["id"] if rows else self._last


async def write(connection: Connection, events: list[NewEvent]) -> None:
    await insert_events(connection, events)
    await connection.executemany("INSERT INTO naive (event) VALUES ($1)", [(each.id,) for each in events])


async def test_an_event_that_commits_late_is_read_and_a_serial_id_would_have_lost_it(database: Database) -> None:
    await found_installation(database, PARTITIONS)
    reader = Reader(database)
    late, early = event(1), event(1)
    async with database.connection() as slow, database.connection() as fast:
        await fast.execute(NAIVE)
        transaction = slow.transaction()
        await transaction.start()
        await write(slow, [late])
        await write(fast, [early])
        await reader.read()
        await reader.read_naively()
        before = list(reader.seen)
        await transaction.commit()

    await reader.read()
    await reader.read_naively()

    assert before == []  # the early one waits for the late one: it would have moved the cursor past it
    assert reader.seen == [late.id, early.id]
    assert reader.naive == [early.id]


async def test_eight_writers_slow_and_rolled_back_lose_none_of_15000_events(database: Database) -> None:
    await found_installation(database, PARTITIONS)
    async with database.connection() as connection:
        await connection.execute(NAIVE)
    committed: list[UUID] = []
    reader = Reader(database)
    async with asyncio.TaskGroup() as writers:
        tasks = [writers.create_task(_write_many(database, committed, Random(seed))) for seed in range(8)]
        while not all(task.done() for task in tasks):
            await reader.read()
            await reader.read_naively()

    while await reader.read():
        pass
    await reader.read_naively()

    assert len(committed) >= 15_000
    assert len(reader.seen) == len(set(reader.seen))
    assert set(reader.seen) == set(committed)
    assert set(reader.naive) < set(committed)  # the control: a serial id loses some, so the drill bites


async def _write_many(database: Database, committed: list[UUID], random: Random) -> None:
    for _ in range(94):
        events = [event(random.randrange(10_000)) for _ in range(21)]
        fate = random.random()
        async with database.connection() as connection:
            transaction = connection.transaction()
            await transaction.start()
            await write(connection, events)
            if fate < 0.05:
                await connection.execute("SELECT pg_sleep(0.05)")
            if 0.05 <= fate < 0.07:
                await transaction.rollback()
            else:
                await transaction.commit()
                committed += [each.id for each in events]


async def test_only_the_bodies_that_rules_look_into_are_read(database: Database) -> None:
    await found_installation(database, PARTITIONS)
    async with database.transaction() as connection:
        await insert_events(connection, [event(1), event(2)._replace(name="order_placed")])

    async with database.transaction() as connection:
        cursors = await lock_cursors(connection, range(PARTITIONS))
        backlogs = await read_events(connection, cursors, limit=10, names=["order_placed"])

    bodies: dict[str, Any] = {row["name"]: row["body"] for backlog in backlogs for row in backlog.rows}
    assert bodies["page_viewed"] is None
    assert bodies["order_placed"]["key"] == "u:2"


async def test_a_backlog_says_when_the_first_unread_event_was_received(database: Database) -> None:
    await found_installation(database, 1)
    async with database.transaction() as connection:
        await insert_events(connection, [event(1)._replace(partition=0) for _ in range(3)])

    async with database.transaction() as connection:
        (cursor,) = await lock_cursors(connection, [0])
        (backlog,) = await read_events(connection, [cursor], limit=2, names=())
        received_at = await connection.fetchval("SELECT max(received_at) FROM event")

    assert len(backlog.rows) == 2
    assert backlog.next_received_at == received_at
    assert not backlog.held


async def test_of_a_long_backlog_only_what_a_batch_takes_is_read(database: Database) -> None:
    await found_installation(database, 8)
    async with database.transaction() as connection:
        await insert_events(connection, [event(number)._replace(partition=number % 8) for number in range(3000)])

    async with database.transaction() as connection:
        cursors = await lock_cursors(connection, range(8))
        backlogs = await read_events(connection, cursors, limit=40, names=())
        touched = await connection.fetchval(
            "SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_xact_user_tables WHERE relname LIKE 'event%'"
        )
        sorts = await connection.fetchval("SHOW enable_sort")

    assert [len(backlog.rows) for backlog in backlogs] == [40] * 8
    assert touched == 41 * 8
    assert sorts == "on", "only for this one statement"
