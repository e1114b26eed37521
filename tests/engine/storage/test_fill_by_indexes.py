"""How the fill reads: a plan that is made while a table is small must do for a million customers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest

from dsl import plan
from engine.actions import ACTIONS
from engine.core.conditions.program import load_program
from engine.storage.database import Connection, Database
from engine.storage.events.cursors import lock_cursors
from engine.storage.events.event_partitions import make_event_partitions
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


async def scans_of_events(connection: Connection) -> dict[str, int]:
    """How often this transaction asked each table of events."""
    query = "SELECT relname, seq_scan + idx_scan AS scans FROM pg_stat_xact_user_tables WHERE relname LIKE 'event\\_%'"
    return {row["relname"]: row["scans"] for row in await connection.fetch(query)}


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
async def months(database: Database) -> list[str]:
    """This one and the next two. To be asked for before `filled`, whose transaction would be in the way."""
    return await make_event_partitions(database)


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


async def test_months_without_events_are_not_looked_into_for_each_customer(
    months: list[str], filled: Connection, chance: Chance
) -> None:
    await filled.execute(f"TRUNCATE {', '.join(months[1:])}")  # chance has filled them
    cursors = await lock_cursors(filled, [0])
    before = await scans_of_events(filled)

    await note_slices(filled, cursors, "now", look_of(chance.now))

    after = await scans_of_events(filled)
    assert {name for name, scans in after.items() if scans > before[name]} == {"event_default", months[0]}


async def test_an_event_that_was_received_by_a_clock_ahead_of_this_month_counts(
    months: list[str], filled: Connection, chance: Chance
) -> None:
    await filled.execute("UPDATE partition_cursor SET xid = '1' WHERE partition = 0")
    await filled.execute("DELETE FROM event")
    customer = await filled.fetchval("SELECT min(id::text)::uuid FROM customer")
    await filled.execute(
        """
        INSERT INTO event (partition, xid, seq, id, customer, kind, name, at, received_at, source, body)
        VALUES (0, '0', 1, gen_random_uuid(), $1, 0, 'a', $2, now() + interval '1 month', 'test', '{}')
        """,
        customer,
        chance.now - timedelta(days=1),
    )
    cursors = await lock_cursors(filled, [0])

    await note_slices(filled, cursors, "now", look_of(chance.now))

    assert await filled.fetchval("SELECT tableoid::regclass::text FROM event") == months[1]
    assert await filled.fetchval("SELECT array_agg(customer) FROM membership WHERE is_in") == [customer]


async def test_who_has_a_zone_that_was_not_met_yet_is_left_to_the_interpreter_once(
    filled: Connection, chance: Chance
) -> None:
    await filled.execute("UPDATE partition_cursor SET xid = '1' WHERE partition = 0")
    await filled.execute("UPDATE customer SET timezone = 'UTC'")
    await filled.execute("DELETE FROM event")
    cursors = await lock_cursors(filled, [0])
    look = look_of(chance.now)
    await note_slices(filled, cursors, "now", look)
    mover = await filled.fetchval(
        "UPDATE customer SET timezone = 'Asia/Tokyo' WHERE id = (SELECT min(id::text)::uuid FROM customer) RETURNING id"
    )

    [first] = await note_slices(filled, cursors, "now", look)
    [again] = await note_slices(filled, cursors, "now", look)

    assert (first.customers, again.customers) == ((mover,), ())


async def test_who_comes_after_too_many_in_doubt_is_left_to_the_next_stretch(
    filled: Connection, chance: Chance
) -> None:
    await filled.execute("UPDATE partition_cursor SET xid = '1' WHERE partition = 0")
    await filled.execute("DELETE FROM event")
    customers = [row["id"] for row in await filled.fetch("SELECT id FROM customer WHERE partition = 0 ORDER BY id")]
    await filled.execute(
        """
        INSERT INTO event (partition, xid, seq, id, customer, kind, name, at, source, body)
        SELECT 0, '0', place, gen_random_uuid(), customer, 0, 'a', $2::timestamptz + CASE WHEN place IN (3, 5, 8)
               THEN interval '1 day' ELSE interval '-1 day' END, 'test', '{}'
        FROM unnest($1::uuid[]) WITH ORDINALITY AS w (customer, place)
        """,
        customers,
        chance.now,
    )
    cursors = await lock_cursors(filled, [0])
    look = replace(look_of(chance.now), most=2)

    [found] = await note_slices(filled, cursors, "now", look)

    noted = {row["customer"] for row in await filled.fetch("SELECT customer FROM membership")}
    assert found.customers == (customers[2], customers[4])
    assert noted == {customers[place] for place in (0, 1, 3, 5, 6)}
    assert found.filled_to is not None
    assert customers[6] <= found.filled_to < customers[7]
