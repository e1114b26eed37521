"""Figures that are kept up are the figures that are counted, whatever happens in whatever order."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import timedelta

import asyncpg
import pytest

from engine.flow.telling.report_messages import Line
from engine.flow.upkeep.fold_figures import fold_figures
from engine.storage.database import Database
from tests.engine.storage.message_history import BEGIN, SPAN, History, counted, reported


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, pool_size=2)
    await database.open()
    yield database
    await database.close()


@pytest.mark.parametrize("seed", range(12))
async def test_a_report_is_what_is_counted_from_scratch(database: Database, seed: int):
    history = History(database, random.Random(seed))

    for _ in range(60):
        await history.happen()

    whole = (BEGIN - timedelta(hours=1), BEGIN + SPAN + timedelta(hours=1))
    assert await counted(database, *whole)
    for since, until in [whole, *(sorted((history.moment(), history.moment())) for _ in range(8))]:
        assert await reported(database, since, until) == await counted(database, since, until)


async def test_an_open_and_a_click_that_do_not_see_each_other_open_the_mail_once(database: Database, other: Database):
    history = History(database, random.Random(1))
    message = await history.outbox.message(state="sent", created_at=BEGIN)
    await history.outbox.customer()

    async with database.transaction() as first:
        await history.tell(first, [message], "opened")
        second = other.transaction()
        connection = await second.__aenter__()
        await connection.execute("SET LOCAL lock_timeout = '1ms'")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await history.tell(connection, [message], "clicked")
        with suppress(asyncpg.PostgresError):
            await second.__aexit__(None, None, None)
    async with other.transaction() as connection:
        await history.tell(connection, [message], "clicked")

    [line] = await reported(database, BEGIN, BEGIN + SPAN)
    assert (line.counts["opened"], line.counts["clicked"]) == (1, 1)


async def test_a_fold_that_is_under_way_hides_nothing_and_doubles_nothing(database: Database, other: Database):
    history = History(database, random.Random(1))
    await history.outbox.message(state="sent", created_at=BEGIN)
    sent: Callable[[tuple[Line, ...]], list[int]] = lambda lines: [line.counts["sent"] for line in lines]  # noqa: E731

    async with database.transaction() as folding:
        await folding.execute("DELETE FROM figure_change")
        await folding.execute(
            "INSERT INTO figure SELECT 'hour', date_trunc('hour', created_at), rule, template, channel, 'sent', '', 1,"
            " 0 FROM message"
        )
        during = await reported(other, BEGIN, BEGIN + timedelta(hours=1))
        taken_by_others = await fold_figures(other)
    after = await reported(other, BEGIN, BEGIN + timedelta(hours=1))

    assert (sent(during), taken_by_others, sent(after)) == ([1], 0, [1])


async def test_a_mail_opened_days_later_counts_on_the_day_it_was_decided(database: Database):
    history = History(database, random.Random(1))
    message = await history.outbox.message(state="sent", created_at=BEGIN)
    await history.outbox.customer()
    await fold_figures(database)

    async with database.transaction() as connection:
        await history.tell(connection, [message], "clicked")
    await fold_figures(database)

    [line] = await reported(database, BEGIN, BEGIN + timedelta(hours=1))
    assert line.counts == {"sent": 1, "opened": 1, "clicked": 1}


async def test_figures_outlive_the_messages_that_they_count(database: Database):
    history = History(database, random.Random(3))
    for _ in range(40):
        await history.happen()
    whole = (BEGIN - timedelta(hours=4), BEGIN + SPAN + timedelta(hours=1))
    before = await counted(database, *whole)

    for table in ("message", "reaction", "conversion", "consent_entry"):
        await history.outbox.change(f"DELETE FROM {table}")  # noqa: S608
    await fold_figures(database)

    assert before and await reported(database, *whole) == before
