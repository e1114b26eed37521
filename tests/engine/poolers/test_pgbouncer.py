"""Connections that are shared by the transaction: with a real PgBouncer before PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.storage.database import Database
from engine.storage.migrate import migrate
from engine.storage.revisions import require_current
from tests.engine.distribution.busy_day import statements_of_a_busy_day
from tests.engine.poolers.bouncer import CONNECTIONS, PGBOUNCER, bouncing

pytestmark = pytest.mark.skipif(PGBOUNCER is None, reason="no PgBouncer on this machine")


@pytest.fixture
def bounced_url(database_url: str, tmp_path: Path) -> Iterator[str]:
    with bouncing(database_url, tmp_path) as url:
        yield f"{url}?pool_mode=transaction"


async def test_a_busy_day_needs_no_connection_of_its_own(bounced_url: str, tmp_path: Path):
    statements = await statements_of_a_busy_day(bounced_url, tmp_path / "shop")

    assert statements


async def test_a_statement_meets_another_connection_than_before(bounced_url: str):
    database = Database(bounced_url, pool_size=8)
    await database.open()

    async def ask(number: int) -> int:
        async with database.connection() as connection:
            answer: int = await connection.fetchval("SELECT $1::int + 1", number)
        async with database.transaction() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock($1)", number)
            assert await connection.fetchval("SELECT $1::text", str(number)) == str(number)
            backend: int = await connection.fetchval("SELECT pg_backend_pid()")
        assert answer == number + 1
        return backend

    backends = {pid for _ in range(5) for pid in await asyncio.gather(*map(ask, range(40)))}
    await database.close()

    assert 1 < len(backends) <= CONNECTIONS


async def test_tables_are_made_and_asked_for_over_it(bounced_url: str):
    await migrate(bounced_url)

    await require_current(bounced_url)


async def test_without_the_word_prepared_statements_are_missed(bounced_url: str):
    database = Database(bounced_url.removesuffix("?pool_mode=transaction"), pool_size=8)
    await database.open()

    async def ask(number: int) -> None:
        async with database.connection() as connection:
            for _ in range(20):
                await connection.fetchval(f"SELECT $1::int + {number}", number)

    results = await asyncio.gather(*map(ask, range(8)), return_exceptions=True)
    await database.close()

    assert any(isinstance(result, Exception) for result in results)
