"""Indexes of large tables are made beside whoever reads and writes, and in the end they are there, whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import asyncpg
import pytest

from api.doctor.database import check_database
from engine.config import read_settings
from engine.errors import IndexNotMade
from engine.storage.database import Connection, Database
from engine.storage.large_indexes import LARGE_INDEXES, unmade_indexes
from engine.storage.migrate import migrate

INDEX = LARGE_INDEXES[0]
MESSAGE = """
    INSERT INTO message (partition, id, customer, run, rule, rule_set, step, channel, template, context, transactional,
                         state, due_at)
    SELECT 1, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'Cart', 1, 0, 'email', 'cart', '{}', false,
           'failed', now()
"""
BUILDERS = "SELECT pid FROM pg_stat_progress_create_index WHERE datname = current_database()"


@pytest.fixture
async def witness(database: Database) -> AsyncIterator[Connection]:
    async with database.connection() as connection:
        yield connection


@asynccontextmanager
async def reader(url: str) -> AsyncIterator[None]:
    """Somebody who takes long: an index is usable only when those who began before it have ended."""
    connection = await asyncpg.connect(url, server_settings={"idle_in_transaction_session_timeout": "0"})
    await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM message")
    try:
        yield
    finally:
        await connection.close()


async def until_waiting(witness: Connection, count: int = 1) -> list[int]:
    """The builders that have built, and wait for who reads."""
    async with asyncio.timeout(60):
        while True:
            rows = await witness.fetch(f"{BUILDERS} AND phase = 'waiting for old snapshots'")
            if len(rows) == count:
                return [row[0] for row in rows]
            await asyncio.sleep(0.01)


async def without_the_index(witness: Connection) -> None:
    await witness.execute(f"DROP INDEX {INDEX.name}")


async def usable(witness: Connection) -> bool:
    return await unmade_indexes(witness) == []


async def test_a_new_database_has_all_of_them_and_they_are_of_ordinary_tables(witness: Connection):
    kinds = await witness.fetch(
        "SELECT DISTINCT relkind FROM pg_class WHERE relname = ANY($1::text[])", [each.table for each in LARGE_INDEXES]
    )

    assert await usable(witness)
    assert [row[0] for row in kinds] == [b"r"]


async def test_while_one_is_made_messages_are_written_and_events_are_read(witness: Connection, database_url: str):
    await without_the_index(witness)

    async with reader(database_url):
        work = asyncio.create_task(migrate(database_url))
        await until_waiting(witness)
        await witness.execute(MESSAGE)
        await witness.execute("UPDATE message SET state = 'unknown'")
        own = await witness.fetchval("SELECT pg_current_xact_id()")
        horizon = await witness.fetchval("SELECT pg_snapshot_xmin(pg_current_snapshot())")
        assert not work.done()
    await work

    assert horizon > own
    assert await usable(witness)


async def test_what_was_begun_and_not_ended_is_made_again(witness: Connection, database_url: str):
    await without_the_index(witness)

    async with reader(database_url):
        work = asyncio.create_task(migrate(database_url))
        [builder] = await until_waiting(witness)
        await witness.execute("SELECT pg_terminate_backend($1)", builder)
        with pytest.raises(IndexNotMade, match="terminating connection"):
            await work
    assert await witness.fetchval("SELECT count(*) FROM pg_class WHERE relname = $1", INDEX.name) == 1
    assert not await usable(witness)
    await migrate(database_url)

    assert await usable(witness)


async def test_of_two_at_once_one_makes_it_and_the_other_waits(witness: Connection, database_url: str):
    await without_the_index(witness)

    async with reader(database_url):
        since = await witness.fetchval("SELECT clock_timestamp()")
        both = [asyncio.create_task(migrate(database_url)) for _ in range(2)]
        builders = await until_waiting(witness)
        await until_refused(witness, since)
        assert await until_waiting(witness) == builders
    await asyncio.gather(*both)

    assert await usable(witness)


async def until_refused(witness: Connection, since: datetime) -> None:
    """Somebody who came later has seen that there is nothing to do but wait, and holds nothing meanwhile."""
    async with asyncio.timeout(60):
        while not await witness.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle'"
            " AND query = 'COMMIT;' AND backend_start > $1",
            since,
        ):
            await asyncio.sleep(0.01)


async def test_what_a_killed_one_left_to_postgresql_is_waited_for(witness: Connection, database_url: str):
    await without_the_index(witness)
    orphan = await asyncpg.connect(database_url)

    async with reader(database_url):
        left = asyncio.create_task(orphan.execute(f"CREATE INDEX CONCURRENTLY {INDEX.name} ON message {INDEX.on}"))
        [builder] = await until_waiting(witness)
        since = await witness.fetchval("SELECT clock_timestamp()")
        work = asyncio.create_task(migrate(database_url))
        await until_refused(witness, since)
        assert await until_waiting(witness) == [builder]
    await asyncio.gather(left, work)
    await orphan.close()

    assert await usable(witness)


@pytest.mark.parametrize(
    "damage",
    [
        "DROP INDEX message_not_sent",
        "UPDATE pg_index SET indisvalid = false FROM pg_class WHERE oid = indexrelid AND relname = 'message_not_sent'",
    ],
    ids=["missing", "not completed"],
)
async def test_the_doctor_names_an_index_that_is_not_usable(witness: Connection, database_url: str, damage: str):
    before = await found(database_url)
    await witness.execute(damage)

    _, tables, index = await found(database_url)

    assert [each.state for each in before] == ["good", "good"]
    assert (tables.state, index.state) == ("good", "warning")
    assert f"the index {INDEX.name} is missing or was not completed" in index.text
    assert "kogda migrate" in index.advice


async def found(url: str) -> list[Any]:
    return await check_database(read_settings(database_url=url))
