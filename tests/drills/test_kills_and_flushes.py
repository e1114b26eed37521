"""Whatever is killed or forgotten, every expected message is made exactly once."""

from __future__ import annotations

import asyncio
import time
from random import Random

from engine.embedded import EmbeddedServices
from engine.waker import ArqWaker, connect_redis
from tests.drills.sizes import sized
from tests.drills.stage import Record, Story, Workers, expected, made, note, stories, until_made
from tests.engine.flow.shop import Shop

SEED = 20261121
LONG_S = sized(60, 600)
KILLS = sized(50, 200)
TOLD = sized(2500, 5000)  # four events each
STOPS = sized(1, 25)  # of two workers


async def tell(shop: Shop, waker: ArqWaker | None, told: list[Story]) -> None:
    events = [event for story in told for event in story.events(shop)]
    await shop.post(*events)
    if waker:
        await waker.wake({event.partition for event in events})


async def test_killed_workers_lose_and_double_nothing_of_thousands_of_events(
    durable: EmbeddedServices, shop: Shop, record_property: Record
) -> None:
    random = Random(SEED)
    told = stories(TOLD, random)
    waker = ArqWaker(durable.endpoints.redis_url)
    workers = Workers(durable.endpoints, "arq")
    try:
        for kill in range(KILLS):
            await tell(shop, waker, told[kill * TOLD // KILLS : (kill + 1) * TOLD // KILLS])
            await asyncio.sleep(random.uniform(0.0, 0.3))
            workers.kill_one(random)
        await until_made(shop, expected(told).total(), within_s=LONG_S)
    finally:
        workers.end()
        await waker.close()

    found = await made(shop)
    note(record_property, told, found, kills=KILLS)
    assert found == expected(told)
    assert await shop.value("SELECT count(*) FROM run") == await shop.value("SELECT count(DISTINCT id) FROM run")
    assert await shop.value("SELECT count(*) FROM quarantine WHERE what <> 'message'") == 0


async def test_flushing_redis_all_the_time_loses_and_doubles_nothing(durable: EmbeddedServices, shop: Shop) -> None:
    random = Random(SEED)
    told = stories(1000, random)
    waker = ArqWaker(durable.endpoints.redis_url)
    redis = connect_redis(durable.endpoints.redis_url, timeout_s=LONG_S)
    workers = Workers(durable.endpoints, "arq")
    try:
        for start in range(0, 1000, 50):
            await tell(shop, waker, told[start : start + 50])
            await asyncio.sleep(random.uniform(0.0, 0.2))
            await redis.flushall()
        await until_made(shop, expected(told).total(), within_s=LONG_S)
    finally:
        workers.end()
        await waker.close()
        await redis.aclose(close_connection_pool=True)

    assert await made(shop) == expected(told)


async def test_a_worker_that_is_asked_to_stop_ends_soon_and_cleanly(durable: EmbeddedServices, shop: Shop) -> None:
    told = stories(500 * STOPS, Random(SEED))
    codes: list[int | None] = []
    slowest = 0.0
    for start in range(0, len(told), 500):
        workers = Workers(durable.endpoints, "arq")
        try:
            await tell(shop, None, told[start : start + 500])
            async with asyncio.timeout(LONG_S):
                while await shop.value("SELECT count(*) FROM worker_heartbeat") < 2:
                    await asyncio.sleep(0.05)
            began = time.monotonic()
            codes += await asyncio.to_thread(workers.stop)
            slowest = max(slowest, time.monotonic() - began)
        finally:
            workers.end()

    assert slowest < 20
    assert set(codes) == {0}
    assert (
        await shop.value("SELECT count(*) FROM message WHERE state IN ('sending', 'unknown') OR maybe_duplicate") == 0
    )
    found = await made(shop)
    assert not found - expected(told)
