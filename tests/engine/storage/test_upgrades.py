"""A database that is in use is brought to this version's tables, and nobody waits for it longer than moments."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection as SyncConnection

from engine.embedded import EmbeddedServices
from engine.errors import TablesInUse
from engine.flow.upkeep.complete_quarters import complete_quarters
from engine.flow.upkeep.fold_figures import fold_figures
from engine.storage import revisions
from engine.storage.database import Database, sqlalchemy_engine
from engine.storage.installation import found_installation
from engine.storage.migrate import migrate
from engine.storage.revisions import require_current
from tests.databases import own_database
from tests.engine.storage.message_history import counted, reported

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
INSTALLATION = "INSERT INTO installation (id, partitions) VALUES (gen_random_uuid(), 8)"
MESSAGES = """
    INSERT INTO message (partition, id, customer, run, rule, rule_set, step, channel, template, context, transactional,
                         state, due_at, created_at)
    SELECT n % 8, md5(n::text)::uuid, md5('c' || n)::uuid, md5('r' || n)::uuid, 'Rule ' || n % 3, 1, 0,
           CASE n % 7 WHEN 0 THEN 'sms' WHEN 1 THEN 'webhook' ELSE 'email' END, 'cart', '{}', false,
           CASE n % 5 WHEN 0 THEN 'suppressed' WHEN 1 THEN 'queued' ELSE 'sent' END, at, at
    FROM generate_series(1, 400) AS n, LATERAL (
        SELECT '2026-03-01Z'::timestamptz + interval '11 minutes' * n AS at) AS t
"""
REACTIONS = """
    INSERT INTO reaction (partition, message, kind, customer, at, last_at)
    SELECT n % 8, md5(n::text)::uuid, kind, md5('c' || n)::uuid, now(), now()
    FROM generate_series(1, 400) AS n, (VALUES ('delivered', 2), ('opened', 3), ('clicked', 4)) AS k (kind, every)
    WHERE n % every = 0
"""
CONVERSIONS = """
    INSERT INTO conversion (partition, event, message, customer, touch, at, revenue, currency)
    SELECT n % 8, md5('e' || n)::uuid, md5(n::text)::uuid, md5('c' || n)::uuid, 'sent', now(), n % 50, 'EUR'
    FROM generate_series(1, 400) AS n WHERE n % 9 = 0
"""
LEAVERS = """
    INSERT INTO consent_entry (partition, id, customer, at, what, given, how, message)
    SELECT n % 8, md5(what || n)::uuid, md5('c' || n)::uuid, now(), what, false, 'link', md5(n::text)::uuid
    FROM generate_series(1, 400) AS n, (VALUES ('email'), ('news')) AS w (what) WHERE n % 11 = 0
"""
#: After the first update, by whoever works on: what triggers write down.
LATER = (
    "UPDATE message SET state = 'failed' WHERE state = 'sent' AND rule = 'Rule 1'",
    "UPDATE message SET state = 'sent' WHERE state = 'queued'",
    REACTIONS.replace("('clicked', 4)", "('bounced', 5)").replace(
        "VALUES ('delivered', 2), ('opened', 3), ", "VALUES "
    ),
)


@pytest.fixture
async def empty_url(services: EmbeddedServices) -> AsyncIterator[str]:
    async with own_database(services) as url:
        yield url


async def bring_to(url: str, revision: str) -> None:
    """As a version that knew no later one did."""

    def upgrade(connection: SyncConnection) -> None:
        config = Config()
        config.set_main_option("script_location", str(Path(revisions.__file__).parent / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    engine = sqlalchemy_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(upgrade)
    await engine.dispose()


async def execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = Database(url, pool_size=2)
    await database.open()
    yield database
    await database.close()


async def assert_reports_are_right(database: Database) -> None:
    for begin, end in ((0, 100), (0.3, 70.2), (20.25, 20.75), (33.1, 60), (60, 73.6)):
        since, until = (BEGIN + timedelta(hours=hours) for hours in (begin, end))
        assert await counted(database, since, until)
        assert await reported(database, since, until) == await counted(database, since, until)


@pytest.mark.parametrize("before", ["0010", "0012", "0015"])
async def test_figures_of_what_there_was_are_right_after_an_update_and_stay_so(empty_url: str, before: str):
    await bring_to(empty_url, before)
    await execute(empty_url, INSTALLATION, MESSAGES, REACTIONS, CONVERSIONS, LEAVERS)

    await migrate(empty_url)

    async with opened(empty_url) as database:
        await assert_reports_are_right(database)
        for statement in LATER:
            await execute(empty_url, statement)
            await assert_reports_are_right(database)
            assert await complete_quarters(database, 70)
            await assert_reports_are_right(database)
            await fold_figures(database)
        while await complete_quarters(database, 70):
            await assert_reports_are_right(database)
        await assert_reports_are_right(database)


async def test_where_the_script_itself_once_counted_quarters_nothing_is_left_to_count(database_url: str):
    async with opened(database_url) as database:
        await found_installation(database, 8)
    await execute(database_url, MESSAGES, "ALTER TABLE installation DROP COLUMN quarters_since",
                  "UPDATE alembic_version SET version_num = '0016'")  # fmt: skip

    await migrate(database_url)

    async with opened(database_url) as database:
        assert not await complete_quarters(database)
        await assert_reports_are_right(database)


async def held(url: str, table: str) -> Any:
    """By a reader who takes long: a dump, or somebody who forgot to commit."""
    connection = await asyncpg.connect(url, server_settings={"application_name": "pg_dump"})
    await connection.execute(f"BEGIN; LOCK TABLE {table} IN ACCESS SHARE MODE")
    return connection


async def test_nobody_waits_behind_an_update_that_waits_for_somebody_else(empty_url: str):
    await bring_to(empty_url, "0015")
    dump = await held(empty_url, "figure")

    with pytest.raises(TablesInUse, match=r"pg_dump \(pid \d+\)"):
        await migrate(empty_url, tries=1)
    await execute(empty_url, MESSAGES)
    await dump.execute("COMMIT")
    await migrate(empty_url)

    await require_current(empty_url)
    await dump.close()


async def test_scripts_before_the_one_that_must_wait_are_done(empty_url: str):
    await bring_to(empty_url, "0013")
    dump = await held(empty_url, "figure")

    with pytest.raises(TablesInUse):
        await migrate(empty_url, tries=1)

    assert await dump.fetchval("SELECT version_num FROM alembic_version") == "0015"
    await dump.close()
