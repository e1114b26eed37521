"""Drill 8: a Redis behind a Sentinel dies, and what takes over has not had its last writes. Wake-ups are lost, and
nothing else."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from engine.embedded import EmbeddedServices
from engine.embedded.services import Endpoints
from engine.waker import DOORBELL, QUEUE, ArqWaker
from tests.drills.sizes import sized
from tests.drills.stage import Record, Story, Workers, expected, made, note, stories, tell, until_made
from tests.engine.flow.shop import Shop
from tests.engine.worker.sentinels import Guarded, ask_master, guarded

SEED = 20261123
LONG_S = sized(120, 600)
FAILOVERS = sized(1, 10)
PEOPLE = 100  # told around each failover
MARK = "drill:unheard"


async def fail_over(redis: Guarded, shop: Shop, waker: ArqWaker, told: list[Story]) -> int:
    """Events are told while the replica has lost its master, and the master dies. How many of its writes are left."""
    master, replica = await redis.places()
    assert replica is not None
    with redis.held(replica):
        await ask_master(redis.url, lambda client: client.execute_command("CLIENT", "KILL", "TYPE", "replica"))
        await tell(shop, waker, told)
        await ask_master(redis.url, lambda client: client.set(MARK, 1))
        redis.kill(master)
    left: int = await ask_master(redis.url, lambda client: client.exists(MARK))
    assert await redis.places() == (replica, None)
    await redis.start_replica(master, of=replica)
    return left


async def until_heard(redis: Guarded) -> None:
    """Until what is put into arq's queue is taken from it. A job of which the old master alone knew that it was done
    stays there for longer."""
    job = await ask_master(redis.url, lambda client: client.enqueue_job("advance", 0, _queue_name=QUEUE))
    assert job is not None
    async with asyncio.timeout(LONG_S):
        while await ask_master(redis.url, lambda client: client.zscore(QUEUE, job.job_id)) is not None:
            await ask_master(redis.url, lambda client: client.execute_command("LPUSH", DOORBELL, 1))
            await asyncio.sleep(0.1)


@pytest.mark.timeout(LONG_S * 2)
async def test_another_master_without_the_last_writes_of_the_first_loses_and_doubles_nothing(
    durable: EmbeddedServices, shop: Shop, tmp_path: Path, record_property: Record
) -> None:
    told = stories(2 * PEOPLE * FAILOVERS, Random(SEED))
    async with guarded(tmp_path) as redis:
        waker = ArqWaker(redis.url)
        workers = Workers(Endpoints(durable.endpoints.database_url, redis.url, 0), "arq")
        try:
            await until_heard(redis)
            left = []
            for start in range(0, len(told), 2 * PEOPLE):
                middle = start + PEOPLE
                left.append(await fail_over(redis, shop, waker, told[start:middle]))
                await tell(shop, waker, told[middle : middle + PEOPLE])
            await until_heard(redis)
            await until_made(shop, expected(told).total(), within_s=LONG_S)
            codes = workers.exit_codes()
        finally:
            workers.end()
            await waker.close()

    found = await made(shop)
    note(record_property, told, found, failovers=FAILOVERS)
    assert found == expected(told)
    assert codes == [None, None]
    assert Counter(left) == {0: FAILOVERS}, "nothing was lost with a master: the drill did not bite"
