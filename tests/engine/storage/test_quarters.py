"""Quarters of hours of what there was before them are completed beside everything that happens, each once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise

import asyncpg
import pytest

from engine.failpoints import DRILL_VARIABLE, VARIABLE, arm
from engine.flow.upkeep.complete_quarters import complete_quarters
from engine.flow.upkeep.fold_figures import fold_figures
from engine.storage.database import Database
from engine.storage.installation import found_installation
from engine.storage.reports.quarters import add_missing, missing_figures, next_hours, quarters_since
from tests.engine.delivery.outbox import PARTITIONS
from tests.engine.storage.message_history import BEGIN, SPAN, History, counted, reported

WHOLE = (BEGIN - timedelta(hours=1), BEGIN + SPAN + timedelta(hours=1))
#: Messages between two times, and how many hours they lie in.
SIZE = """
    SELECT count(*), count(DISTINCT date_trunc('hour', created_at)) FROM message
    WHERE created_at >= $1 AND created_at < $2
"""
A_FEW = 7  # messages at once
WRITERS, DEEDS = 4, 30


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, pool_size=12)
    await database.open()
    await found_installation(database, PARTITIONS)
    yield database
    await database.close()


@pytest.fixture
def _disarmed() -> Iterator[None]:
    yield
    arm({})


async def forget_quarters(database: Database) -> None:
    """As 0016_quarters.sql leaves a database in which there were messages."""
    await fold_figures(database)
    async with database.transaction() as connection:
        await connection.execute("DELETE FROM figure WHERE grain = 'quarter'")
        await connection.execute("UPDATE installation SET quarters_since = $1", BEGIN + SPAN + timedelta(hours=3))


async def complete(database: Database) -> None:
    while await complete_quarters(database, A_FEW):
        pass


async def assert_reports_are_right(history: History) -> None:
    """Of all, and of times that begin and end anywhere."""
    for since, until in [WHOLE, *(sorted((history.moment(), history.moment())) for _ in range(4))]:
        assert await reported(history.database, since, until) == await counted(history.database, since, until)


async def quarters_are_hours(database: Database) -> bool:
    """Whether they add up to the same, which no report compares."""
    async with database.connection() as connection:
        rows = await connection.fetch(
            """SELECT date_bin('1 hour', start, '2000-01-01Z') AS hour, rule, template, channel, figure, currency,
                      coalesce(sum(count) FILTER (WHERE grain = 'hour'), 0) AS whole,
                      coalesce(sum(count) FILTER (WHERE grain = 'quarter'), 0) AS parts
               FROM figure WHERE grain <> 'day' GROUP BY 1, 2, 3, 4, 5, 6"""
        )
    return bool(rows) and all(row["whole"] == row["parts"] for row in rows)


@pytest.mark.parametrize("seed", range(8))
async def test_reports_are_right_before_while_and_after_quarters_are_completed(database: Database, seed: int):
    history = History(database, random.Random(seed))
    for _ in range(50):
        await history.happen()
    await forget_quarters(database)

    await assert_reports_are_right(history)
    while await complete_quarters(database, A_FEW):
        await assert_reports_are_right(history)
        for _ in range(4):
            await history.happen()
        await assert_reports_are_right(history)
    await fold_figures(database)

    assert await quarters_are_hours(database)


async def test_what_changes_at_the_same_time_is_neither_left_out_nor_counted_twice(database: Database):
    writers = [History(database, random.Random(seed)) for seed in range(WRITERS)]
    for writer in writers:
        for _ in range(20):
            await writer.decide()
    await forget_quarters(database)

    async def write(writer: History) -> None:
        for _ in range(DEEDS):
            deeds = [writer.decide, writer.settle, writer.react, writer.convert, writer.leave, writer.fold]
            with suppress(asyncpg.DeadlockDetectedError):  # two that settle the same messages in other orders
                await writer.lot.choice(deeds)()

    await asyncio.gather(*(write(writer) for writer in writers), complete(database), complete(database))
    await complete(database)

    await assert_reports_are_right(writers[0])
    await fold_figures(database)
    assert await quarters_are_hours(database)


async def test_two_that_count_the_same_hours_add_them_once(database: Database):
    history = History(database, random.Random(1))
    for _ in range(30):
        await history.happen()
    await forget_quarters(database)

    async with database.connection() as connection:
        hours = await next_hours(connection, 1000)
        assert hours is not None
        first = await missing_figures(connection, hours)
    await history.settle()
    await history.fold()
    async with database.transaction() as connection:
        second = await missing_figures(connection, hours)
    async with database.transaction() as connection:
        added = [await add_missing(connection, hours, missing) for missing in (first, second)]

    assert sorted(first) == sorted(second)
    assert added == [True, False]
    await assert_reports_are_right(history)


@pytest.mark.usefixtures("_disarmed")
@pytest.mark.parametrize("point", ["quarters.counted", "quarters.added", "quarters.committed"])
async def test_whoever_ends_in_the_middle_is_followed_by_one_who_goes_on(database: Database, point: str):
    history = History(database, random.Random(2))
    for _ in range(40):
        await history.happen()
    await forget_quarters(database)

    arm({VARIABLE: f"{point}=raise@2", DRILL_VARIABLE: "1"})
    with pytest.raises(ConnectionResetError):
        await complete(database)
    await assert_reports_are_right(history)
    await complete(database)

    await assert_reports_are_right(history)
    assert await quarters_are_hours(database)


async def test_counting_writes_nothing_so_the_queue_is_not_held_up(database: Database):
    """Who has no transaction id is passed over by the cursors of partitions: a standby server would let it count."""
    history = History(database, random.Random(3))
    for _ in range(20):
        await history.happen()
    await forget_quarters(database)

    async with database.connection() as connection:
        await connection.execute("SET default_transaction_read_only = on")
        hours = await next_hours(connection)
        assert hours is not None
        found = await missing_figures(connection, hours)
        await connection.execute("RESET default_transaction_read_only")

    assert found


@pytest.mark.parametrize("at_once", [1, 3, 1000])
async def test_hours_are_whole_follow_each_other_and_end_with_the_oldest_message(database: Database, at_once: int):
    history = History(database, random.Random(4))
    for _ in range(12):
        await history.decide()
    await forget_quarters(database)

    ends = []
    async with database.connection() as connection:
        while hours := await next_hours(connection, at_once):
            ends.append(hours)
            await connection.execute("UPDATE installation SET quarters_since = $1", hours.since)
        left = await quarters_since(connection)
        sizes = [await connection.fetchrow(SIZE, *hours) for hours in ends]
        oldest = await connection.fetchval("SELECT min(created_at) FROM message")

    assert sum(messages for messages, _ in sizes) == 12
    assert all(0 < messages <= at_once or hours == 1 for messages, hours in sizes)
    assert all(later.since == earlier.until for later, earlier in pairwise(ends))
    assert all(each.since.minute == 0 and each.since < each.until for each in ends)
    assert left is not None and left <= oldest < left + timedelta(hours=1)


async def test_a_new_database_has_nothing_to_complete(database: Database):
    await History(database, random.Random(5)).decide()

    assert not await complete_quarters(database)
