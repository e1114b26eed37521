"""How the fill reads: a plan that is made while a table is small must do for a million customers."""

from __future__ import annotations

from datetime import timedelta
from random import Random

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


async def test_a_stretch_is_read_by_indexes_however_few_customers_there_are_yet(database: Database) -> None:
    fill = fill_sql(load_program(PLAN, 1, ACTIONS))
    assert fill is not None
    chance = Chance(Random(1))
    async with database.connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("INSERT INTO partition_cursor (partition) VALUES (0) ON CONFLICT DO NOTHING")
        await random_customers(connection, chance)
        await connection.execute("ANALYZE customer, membership, appointment")  # so they are known to be small
        cursors = await lock_cursors(connection, [0])
        before = await read_from_end_to_end(connection)

        await note_slices(connection, cursors, "now", Pass(fill, chance.now, CUSTOMERS + 1, CUSTOMERS))

        assert await read_from_end_to_end(connection) == before
        assert await connection.fetchval("SHOW enable_seqscan") == "on"
        await transaction.rollback()


async def test_who_is_noted_already_is_not_written_again(database: Database) -> None:
    fill = fill_sql(load_program(PLAN, 1, ACTIONS))
    assert fill is not None
    chance = Chance(Random(1))
    async with database.connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("INSERT INTO partition_cursor (partition) VALUES (0) ON CONFLICT DO NOTHING")
        await random_customers(connection, chance)
        await connection.execute("UPDATE partition_cursor SET xid = '1' WHERE partition = 0")
        cursors = await lock_cursors(connection, [0])
        look = Pass(fill, chance.now, CUSTOMERS + 1, CUSTOMERS)
        await note_slices(connection, cursors, "now", look)

        later = Pass(fill, chance.now + timedelta(seconds=1), CUSTOMERS + 1, CUSTOMERS)
        await note_slices(connection, cursors, "now", later)

        assert await connection.fetchval("SELECT count(*) FROM membership") > 0
        assert await rows_touched(connection) == 0
        await transaction.rollback()
