"""Drill 10: a transaction of somebody else, a report or a person at a prompt, stays open for ten minutes."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import asyncpg

from engine.storage.events.backlog import backlog_state
from engine.storage.stalled import end_stalled_transactions
from tests.drills.stage import RULES, expected, made, stories
from tests.engine.flow.shop import open_shop

SEED = 20261122


async def test_an_open_transaction_of_a_stranger_holds_events_up_and_is_seen_and_loses_none(database_url: str) -> None:
    told = stories(60, Random(SEED))
    stranger = await asyncpg.connect(database_url)
    async with open_shop(database_url, *RULES) as shop:
        await stranger.execute("BEGIN")
        await stranger.execute("SELECT pg_current_xact_id()")  # it may still write
        await shop.post(*(event for story in told for event in story.events(shop)))
        held = await shop.advance()
        await shop.execute("UPDATE event SET received_at = received_at - interval '10 minutes'")
        async with shop.runtime.database.connection() as connection:
            ended = await end_stalled_transactions(connection, timedelta())
            seen = await backlog_state(connection)

        await stranger.execute("COMMIT")
        await shop.advance()
        await shop.let_time_pass(timedelta(seconds=5))
        await shop.advance()

        assert (held.events, held.held) == (0, frozenset(range(shop.partitions)))
        assert (seen.oldest_age_s > 600, seen.partitions_behind) == (True, shop.partitions)
        assert ended == 0, "it is not ours to end"
        assert await made(shop) == expected(told)
    await stranger.close()
