"""A partition a month, made ahead."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from engine.storage.database import Database
from engine.storage.events.event_partitions import empty_months, make_event_partitions


async def test_this_month_and_the_next_two_are_made_once(database: Database) -> None:
    made = await make_event_partitions(database)

    again = await make_event_partitions(database)

    assert len(made) == 3
    assert again == []


async def test_events_go_to_their_month_with_all_indexes(database: Database) -> None:
    made = await make_event_partitions(database)
    async with database.connection() as connection:
        await connection.execute(
            """
            INSERT INTO event (partition, id, customer, kind, name, at, source, body)
            VALUES (0, gen_random_uuid(), gen_random_uuid(), 0, 'seen', now(), 'test', '{}')
            """
        )

        where = await connection.fetchval("SELECT tableoid::regclass::text FROM event")
        indexes = await connection.fetchval("SELECT count(*) FROM pg_indexes WHERE tablename = $1", made[0])

    assert where == made[0]
    assert indexes == 2


async def test_a_month_that_has_events_in_the_default_is_left_there(database: Database) -> None:
    async with database.connection() as connection:
        await connection.execute(
            """
            INSERT INTO event (partition, id, customer, kind, name, at, source, body)
            VALUES (0, gen_random_uuid(), gen_random_uuid(), 0, 'seen', now(), 'test', '{}')
            """
        )

    made = await make_event_partitions(database)

    assert len(made) == 2


async def test_processes_that_start_together_make_each_month_once(database_url: str) -> None:
    databases = [Database(database_url) for _ in range(6)]
    for each in databases:
        await each.open()

    made = await asyncio.gather(*(make_event_partitions(each) for each in databases))

    names = [name for several in made for name in several]
    assert len(names) == len(set(names)) == 3
    for each in databases:
        await each.close()


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
async def test_months_that_are_made_and_empty_are_told_as_one_stretch(database: Database, zone: str) -> None:
    made = await make_event_partitions(database)
    async with database.transaction() as connection:
        await connection.execute(f"SET LOCAL timezone = '{zone}'")

        begins, ends = await empty_months(connection)

    assert [f"event_{begins:%Y_%m}", begins.day, ends - begins > timedelta(days=58), ends.day] == [made[1], 1, True, 1]


async def test_months_with_an_event_or_beyond_one_that_is_missing_are_not_told_as_empty(database: Database) -> None:
    _, next_month, after_it = await make_event_partitions(database)
    async with database.transaction() as connection:
        await connection.execute("SELECT set_config('timezone', 'UTC', true)")
        begins, ends = await empty_months(connection)
        await connection.execute(
            """
            INSERT INTO event (partition, id, customer, kind, name, at, received_at, source, body)
            VALUES (0, gen_random_uuid(), gen_random_uuid(), 0, 'seen', $1, $1, 'test', '{}')
            """,
            begins,
        )

        after_the_first = await empty_months(connection)
        await connection.execute(f"DROP TABLE {after_it}")
        none = await empty_months(connection)

    assert after_the_first == (ends - timedelta(days=(ends - timedelta(days=1)).day), ends)
    assert none[0] == none[1]
    assert next_month == f"event_{begins:%Y_%m}"
