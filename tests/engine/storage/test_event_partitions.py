"""A partition a month, made ahead."""

from __future__ import annotations

import asyncio

from engine.storage.database import Database
from engine.storage.events.event_partitions import make_event_partitions


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
