"""Drill 7: a Redis that is full, that forgets what it likes, that is away. Wake-ups are lost, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import pytest
from arq.connections import ArqRedis
from prometheus_client import REGISTRY
from redis.exceptions import OutOfMemoryError

from engine.embedded import EmbeddedServices
from engine.waker import DOORBELL, QUEUE, ArqWaker, connect_redis
from tests.drills.sizes import sized
from tests.drills.stage import Record, Workers, expected, late_s, made, stories, tell, until_made
from tests.engine.flow.shop import Shop

SEED = 20261122
LONG_S = 60
PEOPLE = sized(200, 1000)
AWAY_S = sized(1.0, 60.0)
LATE_S = sized(15.0, 3.0)  # of what comes once Redis is back
BALLAST = b"x" * 100_000


@pytest.fixture
async def redis(durable: EmbeddedServices) -> AsyncIterator[ArqRedis]:
    """As it was before, afterwards."""
    client = connect_redis(durable.endpoints.redis_url, timeout_s=LONG_S)
    await client.flushall()
    before = await client.config_get("maxmemory*")
    yield client
    for name in ("maxmemory", "maxmemory-policy"):
        await client.config_set(name, before[name])
    await client.flushall()
    await client.aclose(close_connection_pool=True)


@asynccontextmanager
async def at_work(durable: EmbeddedServices, shop: Shop) -> AsyncIterator[tuple[Workers, ArqWaker]]:
    workers, waker = Workers(durable.endpoints, "arq", count=2), ArqWaker(durable.endpoints.redis_url)
    try:
        async with asyncio.timeout(LONG_S):
            while await shop.value("SELECT count(*) FROM worker_heartbeat") < 2:
                await asyncio.sleep(0.05)
        yield workers, waker
    finally:
        workers.end()
        await waker.close()


async def until_heard(redis: ArqRedis) -> None:
    """Until what is put into arq's queue is taken from it."""
    await redis.enqueue_job("advance", 0, _queue_name=QUEUE)
    async with asyncio.timeout(LONG_S):
        while await redis.zcard(QUEUE):
            await redis.lpush(DOORBELL, 1)
            await asyncio.sleep(0.1)


def wakes_failed() -> float:
    return REGISTRY.get_sample_value("kogda_wakes_failed_total") or 0.0


async def test_a_full_redis_that_takes_nothing_more_delays_and_loses_nothing(
    durable: EmbeddedServices, shop: Shop, redis: ArqRedis
) -> None:
    told = stories(PEOPLE, Random(SEED))
    async with at_work(durable, shop) as (workers, waker):
        await redis.config_set("maxmemory", 1)
        with pytest.raises(OutOfMemoryError):
            await redis.set("anything", 1)
        before = wakes_failed()
        await tell(shop, waker, told)
        await until_made(shop, expected(told).total(), within_s=LONG_S)
        refused = wakes_failed() - before

        await redis.config_set("maxmemory", "64mb")
        await until_heard(redis)
        codes = workers.exit_codes()

    assert await made(shop) == expected(told)
    assert codes == [None, None]
    assert refused > 0, "no wake-up was refused: the drill did not bite"


async def test_a_redis_that_forgets_jobs_to_make_room_loses_and_doubles_nothing(
    durable: EmbeddedServices, shop: Shop, redis: ArqRedis
) -> None:
    """`allkeys-lru`, of which the doctor warns: jobs of arq go, and who has put them in is told that all is well."""
    told = stories(PEOPLE, Random(SEED))
    async with at_work(durable, shop) as (workers, waker):
        used = (await redis.info("memory"))["used_memory"]
        await redis.config_set("maxmemory-policy", "allkeys-lru")
        await redis.config_set("maxmemory", used + 5 * len(BALLAST))
        job = await redis.enqueue_job("advance", 0, _queue_name=QUEUE, _defer_by=3600)
        assert job is not None
        for start in range(0, PEOPLE, 20):
            await tell(shop, waker, told[start : start + 20])
            for number in range(10):
                await redis.set(f"ballast:{start}:{number}", BALLAST)
        await until_made(shop, expected(told).total(), within_s=LONG_S)
        kept = await redis.exists(f"arq:job:{job.job_id}")

        await redis.config_set("maxmemory", "64mb")
        await redis.flushall()
        await until_heard(redis)
        codes = workers.exit_codes()

    assert await made(shop) == expected(told)
    assert codes == [None, None]
    assert not kept, "no job was forgotten: the drill did not bite"


async def test_a_redis_that_is_away_for_long_and_comes_back_empty_is_not_missed(
    durable: EmbeddedServices, shop: Shop, redis: ArqRedis, record_property: Record
) -> None:
    told = stories(PEOPLE, Random(SEED))
    half = PEOPLE // 2
    async with at_work(durable, shop) as (workers, waker):
        durable.redis.kill()
        try:
            await tell(shop, waker, told[:half])
            await until_made(shop, expected(told[:half]).total(), within_s=LONG_S)
            await asyncio.sleep(AWAY_S)
        finally:
            durable.redis.start()  # in this thread: the kernel ends a child with the thread that made it
        back_at = await shop.value("SELECT now()")
        await tell(shop, waker, told[half:])
        await until_made(shop, expected(told).total(), within_s=LONG_S)
        late = await late_s(shop, 1.0, since=back_at)
        await until_heard(redis)
        codes = workers.exit_codes()

    record_property("ms at most, once it was back", round(late * 1000))
    assert await made(shop) == expected(told)
    assert codes == [None, None]
    assert late < LATE_S
