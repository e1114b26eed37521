"""The eldest worker hears all wake-ups; the others take what is late, and so whatever a dead one leaves."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from pydantic import SecretStr

from engine.config import Settings
from engine.counts import Counts
from engine.flow.upkeep.sweep import find_waiting
from engine.runtime import open_runtime
from engine.storage.database import Database
from engine.storage.heartbeats import beat, stop_beating
from engine.storage.vital_signs import live_workers
from engine.worker import working
from engine.worker.lanes import AdvanceLane
from tests.engine.flow.shop import HOUR as PLAN_HOUR
from tests.engine.flow.shop import open_shop, rule

HOUR = timedelta(hours=1)
ELDEST, SECOND, THIRD = UUID(int=9), UUID(int=5), UUID(int=7)


async def test_places_go_by_age_and_move_up_when_an_elder_leaves(database: Database) -> None:
    ages = ((ELDEST, 1.0), (SECOND, 2.0), (THIRD, 2.0))
    async with database.connection() as connection:
        for worker, since in ages:
            await beat(connection, worker, {"since": since})

        before = [await beat(connection, worker, {"since": since}) for worker, since in ages]
        await stop_beating(connection, ELDEST)
        after = [await beat(connection, worker, {"since": since}) for worker, since in ages[1:]]

    assert before == [0, 1, 2]
    assert after == [0, 1]


async def test_an_elder_that_is_silent_for_some_seconds_is_not_waited_for(database: Database) -> None:
    async with database.connection() as connection:
        await beat(connection, ELDEST, {"since": 1.0})
        await connection.execute("UPDATE worker_heartbeat SET at = now() - interval '7 s'")

        place = await beat(connection, SECOND, {"since": 2.0})
        alive = await live_workers(connection)

    assert (place, alive) == (0, 2)  # it may only be busy: to a person it is still there


LATE = {
    "an event": "UPDATE event SET received_at = now() - interval '2 hours'",
    "a timer": "UPDATE run SET wake_at = now() - interval '2 hours'",
    "a message": "UPDATE message SET due_at = now() - interval '2 hours'",
}


@pytest.mark.parametrize("what", LATE)
async def test_who_stands_by_finds_only_what_is_late(database_url: str, what: str) -> None:
    later = rule("later", "registered", delay=PLAN_HOUR)
    async with open_shop(database_url, rule("welcome", "registered"), later) as shop:
        await shop.post(shop.event("1", "registered"))
        if what != "an event":
            await shop.advance()
            await shop.execute("UPDATE run SET wake_at = now()")

        young = await find_waiting(shop.runtime, HOUR)
        at_all = await find_waiting(shop.runtime)
        await shop.execute(LATE[what])
        late = await find_waiting(shop.runtime, HOUR)

    assert at_all
    assert not young
    assert late.messages if what == "a message" else late.partitions


async def test_what_an_elder_leaves_is_taken_although_nobody_rings(database_url: str, redis_url: str) -> None:
    settings = Settings(database_url=SecretStr(database_url), redis_url=SecretStr(redis_url), partitions=8)
    async with open_shop(database_url, rule("welcome", "registered")) as shop:
        async with shop.runtime.database.connection() as connection:
            await beat(connection, ELDEST, {"since": 0.0})
        async with open_runtime(settings) as runtime, working(runtime):
            await shop.post(*(shop.event(str(number), "registered") for number in range(20)))

            async with asyncio.timeout(60):
                while await shop.value("SELECT count(*) FROM message") < 20:
                    await asyncio.sleep(0.02)


async def test_of_more_than_one_can_do_a_second_worker_takes_its_share(database_url: str) -> None:
    """It could not while each batch of the first locked all there was."""
    async with open_shop(database_url, rule("welcome", "registered")) as shop:
        runtimes = [replace(shop.runtime, counts=Counts()) for _ in range(2)]
        lanes = [AdvanceLane(runtime) for runtime in runtimes]
        await shop.post(*(shop.event(str(number), "registered") for number in range(15_000)))

        async with asyncio.timeout(120):
            await asyncio.gather(*(lane.advance(range(8)) for lane in lanes))
            while await shop.value("SELECT count(*) FROM message") < 15_000:
                await asyncio.sleep(0.02)
        for lane in lanes:
            await lane.close()

    shares = [runtime.counts.decided["events"] for runtime in runtimes]
    assert sum(shares) == 15_000
    assert min(shares) >= 2_500, shares
