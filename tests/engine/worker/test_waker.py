"""Wake-ups are hints: cheap, coalesced, never an error, and none swallowed while a batch runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
from arq.connections import ArqRedis

from engine.embedded.redis import Redis
from engine.waker import DOORBELL, QUEUE, ArqWaker, connect_redis

PATIENCE_S = 60  # with a machine that is busy: half a second is for those who have something else to do


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[ArqRedis]:
    client = connect_redis(redis_url, timeout_s=PATIENCE_S)
    await client.flushall()
    yield client
    await client.aclose(close_connection_pool=True)


@pytest.fixture
async def waker(redis_url: str, redis: ArqRedis) -> AsyncIterator[ArqWaker]:
    waker = ArqWaker(redis_url, timeout_s=PATIENCE_S)
    yield waker
    await waker.close()


async def jobs(redis: ArqRedis) -> list[tuple[str, list[int]]]:
    found = []
    for job in await redis.zrange(QUEUE, 0, -1):
        content = orjson.loads(await redis.get(b"arq:job:" + job))
        found.append((content["f"], content["a"]))
    return found


async def test_wake_ups_of_a_partition_coalesce_until_a_worker_begins(waker: ArqWaker, redis: ArqRedis) -> None:
    for _ in range(3):
        await waker.wake([17, 18])
        await waker.flushed()

    assert await jobs(redis) == [("advance", [17, 18])]
    assert await redis.llen(DOORBELL) == 1


async def test_a_wake_up_during_a_run_is_not_swallowed(waker: ArqWaker, redis: ArqRedis) -> None:
    """With `_job_id` arq would answer None here, and 29 of 100 bursts were left unprocessed."""
    await waker.wake([17])
    await waker.flushed()
    await waker.begin([17])

    await waker.wake([17])
    await waker.flushed()

    assert await jobs(redis) == [("advance", [17]), ("advance", [17])]


async def test_many_partitions_are_shared_out_to_several_jobs(waker: ArqWaker, redis: ArqRedis) -> None:
    await waker.wake(range(64))
    await waker.flushed()

    woken = await jobs(redis)

    assert len(woken) == 2
    assert sorted(partition for _, partitions in woken for partition in partitions) == list(range(64))


async def test_delivery_is_woken_once_until_it_begins(waker: ArqWaker, redis: ArqRedis) -> None:
    await waker.wake_delivery()
    await waker.flushed()
    await waker.wake_delivery()
    await waker.flushed()
    await waker.begin_delivery()
    await waker.wake_delivery()
    await waker.flushed()

    assert await jobs(redis) == [("deliver", []), ("deliver", [])]


async def test_jobs_are_json_and_flags_and_jobs_run_out(waker: ArqWaker, redis: ArqRedis) -> None:
    """pickle would let whoever writes to Redis run code; a lost job must not hide its partition for ever."""
    await waker.wake([17])
    await waker.flushed()

    (job,) = await redis.zrange(QUEUE, 0, -1)
    content = await redis.get(b"arq:job:" + job)

    assert orjson.loads(content)["a"] == [17]
    assert 0 < await redis.pttl("kogda:wake:17") <= 5_000
    assert 0 < await redis.pttl(b"arq:job:" + job) <= 60_000


async def test_after_a_flush_the_next_wake_up_gets_through(waker: ArqWaker, redis: ArqRedis) -> None:
    await waker.wake([17])
    await waker.flushed()
    await redis.flushall()
    await redis.script_flush()

    await waker.wake([17])
    await waker.flushed()

    assert await jobs(redis) == [("advance", [17])]


async def test_a_dead_redis_neither_raises_nor_slows_down(tmp_path: Path) -> None:
    waker = ArqWaker(f"unix://{tmp_path}/nobody.sock")

    began = time.monotonic()
    for partition in range(1000):
        await waker.wake([partition])
        await waker.begin([partition])
    await waker.wake_delivery()
    await waker.close()

    assert time.monotonic() - began < 100  # 2,000 connection time-outs would be 1,000 s


async def test_wake_ups_get_through_again_when_redis_is_back(own_redis: Redis) -> None:
    waker = ArqWaker(own_redis.url)
    client = connect_redis(own_redis.url, timeout_s=PATIENCE_S)
    try:
        await waker.wake([1])
        await waker.flushed()
        own_redis.kill()
        await waker.wake([2])
        await waker.flushed()
        own_redis.start()

        async with asyncio.timeout(PATIENCE_S):
            while not await client.exists(QUEUE):
                await waker.wake([3])
                await asyncio.sleep(0.05)

        assert ("advance", [3]) in await jobs(client)
    finally:
        await waker.close()
        await client.aclose(close_connection_pool=True)


async def test_a_second_of_heavy_traffic_becomes_two_jobs(waker: ArqWaker, redis: ArqRedis) -> None:
    """200 batches that each touch all partitions."""
    for _ in range(200):
        await waker.wake(range(64))
        await asyncio.sleep(0)
    await waker.flushed()

    assert len(await jobs(redis)) == 2
