"""Law 4: effects and cursor commit together, and only from where the cursor was."""

from __future__ import annotations

from datetime import UTC, datetime

import asyncpg
import pytest

from engine.errors import ConfigurationError
from engine.storage.database import Database
from engine.storage.events.cursors import Cursor, Fenced, lock_cursors, move_cursors
from engine.storage.installation import found_installation

NOW = datetime(2026, 11, 21, tzinfo=UTC)


async def cursor_of(database: Database, partition: int) -> Cursor:
    async with database.transaction() as connection:
        return (await lock_cursors(connection, [partition], wait=True))[0]


async def test_of_two_workers_that_read_the_same_place_one_is_fenced_and_writes_nothing(database: Database) -> None:
    await found_installation(database, 1)
    stalled = await cursor_of(database, 0)
    quick = await cursor_of(database, 0)
    async with database.transaction() as connection:
        await move_cursors(connection, [(quick, quick.at(5, 1, NOW))])

    with pytest.raises(Fenced):
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO reject (source, reason, path, body) VALUES ('', '', '', 'doubled')")
            await move_cursors(connection, [(stalled, stalled.at(5, 1, NOW))])

    async with database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM reject") == 0


async def test_a_batch_of_timers_alone_fences_too(database: Database) -> None:
    await found_installation(database, 1)
    stalled = await cursor_of(database, 0)
    async with database.transaction() as connection:
        await move_cursors(connection, [(stalled, stalled)])

    with pytest.raises(Fenced) as raised:
        async with database.transaction() as connection:
            await move_cursors(connection, [(stalled, stalled)])

    assert raised.value.partitions == (0,)


async def test_a_worker_that_lost_its_session_while_it_stalled_cannot_write(database: Database) -> None:
    await found_installation(database, 1)
    with pytest.raises((asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.AdminShutdownError)):
        async with database.transaction() as stalled:
            (cursor,) = await lock_cursors(stalled, [0])
            await stalled.execute("INSERT INTO reject (source, reason, path, body) VALUES ('', '', '', 'doubled')")
            backend = await stalled.fetchval("SELECT pg_backend_pid()")
            async with database.transaction() as other:
                assert await lock_cursors(other, [0]) == []
                await other.fetchval("SELECT pg_terminate_backend($1, 5000)", backend)
                (taken,) = await lock_cursors(other, [0], wait=True)
                await move_cursors(other, [(taken, taken.at(7, 1, NOW))])
            await move_cursors(stalled, [(cursor, cursor.at(7, 1, NOW))])

    async with database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM reject") == 0
        assert await connection.fetchval("SELECT xid::text FROM partition_cursor") == "7"


async def test_the_number_of_partitions_is_fixed_at_the_first_start(database: Database) -> None:
    first = await found_installation(database, 8)

    second = await found_installation(database, 64)

    assert second == first
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM partition_cursor") == 8


async def test_a_session_that_stands_still_in_a_transaction_is_ended_by_the_server(database: Database) -> None:
    async with database.connection() as connection:
        assert await connection.fetchval("SHOW idle_in_transaction_session_timeout") == "20s"


async def test_a_database_restored_into_a_younger_server_is_refused(database: Database) -> None:
    """Its new events would have lower transaction numbers than the cursors, and would never be read."""
    await found_installation(database, 2)
    async with database.connection() as connection:
        await connection.execute("UPDATE partition_cursor SET xid = '4000000000' WHERE partition = 1")

    with pytest.raises(ConfigurationError, match="restored from a dump"):
        await found_installation(database, 2)
