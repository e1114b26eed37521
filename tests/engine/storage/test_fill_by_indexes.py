"""How the fill reads: a plan that is made while a table is small must do for a million customers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from random import Random

import pytest

from dsl import plan
from engine.actions import ACTIONS
from engine.core.conditions.program import load_program
from engine.storage.database import Connection, Database
from engine.storage.events.cursors import lock_cursors
from engine.storage.segments.fill_sql import fill_sql
from engine.storage.segments.fills import Pass, note_slices
from tests.engine.storage.chance import Chance
from tests.engine.storage.test_fill_sql import CUSTOMERS, random_customers

TABLES = ["customer", "membership", "appointment"]
CAME = plan.Happened("a", plan.Length(180, "day"))
PLAN = plan.Plan(
    segments={"came": plan.Segment(condition=CAME, hash="came now", file="s.rules", line=1)}, timezone="UTC"
)


async def read_from_end_to_end(connection: Connection) -> int:
    """Scans of whole tables, by this transaction."""
    query = "SELECT sum(seq_scan)::bigint FROM pg_stat_xact_user_tables WHERE relname = ANY($1::text[])"
    return int(await connection.fetchval(query, TABLES))


async def rows_touched(connection: Connection) -> int:
    """Noted ones that were locked or replaced since they were written."""
    return int(
        await connection.fetchval("""
            SELECT count(*) FROM (SELECT xmax FROM membership UNION ALL SELECT xmax FROM appointment) AS n
            WHERE xmax <> '0'
        """)
    )


@pytest.fixture
def chance() -> Chance:
    return Chance(Random(1))


@pytest.fixture
async def filled(database: Database, chance: Chance) -> AsyncIterator[Connection]:
    """Within a transaction: customers at random, of one partition."""
    async with database.connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("INSERT INTO partition_cursor (partition) VALUES (0) ON CONFLICT DO NOTHING")
        await random_customers(connection, chance)
        yield connection
        await transaction.rollback()


def look_of(now: datetime) -> Pass:
    fill = fill_sql(load_program(PLAN, 1, ACTIONS))
    assert fill is not None
    return Pass(fill, now, CUSTOMERS + 1, CUSTOMERS)


async def test_a_stretch_is_read_by_indexes_however_few_customers_there_are_yet(
    filled: Connection, chance: Chance
) -> None:
    await filled.execute("ANALYZE customer, membership, appointment")  # so they are known to be small
    cursors = await lock_cursors(filled, [0])
    before = await read_from_end_to_end(filled)

    await note_slices(filled, cursors, "now", look_of(chance.now))

    assert await read_from_end_to_end(filled) == before
    assert await filled.fetchval("SHOW enable_seqscan") == "on"


async def test_who_is_noted_already_is_not_written_again(filled: Connection, chance: Chance) -> None:
    await filled.execute("UPDATE partition_cursor SET xid = '1' WHERE partition = 0")
    cursors = await lock_cursors(filled, [0])
    await note_slices(filled, cursors, "now", look_of(chance.now))

    await note_slices(filled, cursors, "now", look_of(chance.now + timedelta(seconds=1)))

    assert await filled.fetchval("SELECT count(*) FROM membership") > 0
    assert await rows_touched(filled) == 0
