"""Drill 10: a transaction of somebody else, a report or a person at a prompt, stays open for ten minutes."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import asyncpg

from engine.runtime import Runtime
from engine.storage.stalled import end_stalled_transactions
from tests.api.conftest import client_of
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
        seen = await figures_of(shop.runtime)

        await stranger.execute("COMMIT")
        await shop.advance()
        await shop.let_time_pass(timedelta(seconds=5))
        await shop.advance()

        assert (held.events, held.held) == (0, frozenset(range(shop.partitions)))
        assert seen["kogda_backlog_age_seconds"] >= 600
        assert seen["kogda_partitions_behind"] == shop.partitions
        assert ended == 0, "it is not ours to end"
        assert await made(shop) == expected(told)
    await stranger.close()


async def figures_of(runtime: Runtime) -> dict[str, float]:
    """As a monitor reads them."""
    async with client_of(runtime) as client:
        await client._transport.app.state.services.gate.refresh()  # type: ignore[attr-defined]
        lines = (await client.get("/metrics")).text.splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}
