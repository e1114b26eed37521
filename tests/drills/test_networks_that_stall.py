"""Drills 7 and 9: a network that stands still between workers and their database, or their Redis. Nobody is refused,
so nobody is told."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from urllib.parse import quote

import pytest

from engine.embedded import EmbeddedServices, Endpoints
from engine.waker import DOORBELL, QUEUE, ArqWaker, connect_redis
from tests.drills.sizes import SIZE, sized
from tests.drills.stage import Record, Story, Workers, expected, made, note, stories, tell, until_made
from tests.drills.stalling_proxy import stalling
from tests.engine.flow.shop import Shop

SEED = 20261122
LONG_S = 60
STALL_S = sized(2.0, 30.0)
PEOPLE = sized(100, 600)
RECOVERED_WITHIN_S = 30
RATE = 0.95  # of what it was before


@pytest.fixture
def folder() -> Iterator[Path]:
    """With a short name: it is a socket's."""
    with tempfile.TemporaryDirectory(prefix="kogda-net-") as name:
        yield Path(name)


async def seconds_until_made(shop: Shop, count: int, *, within_s: float = LONG_S) -> float:
    began = time.monotonic()
    await until_made(shop, count, within_s=within_s)
    return time.monotonic() - began


async def until_working(shop: Shop, count: int) -> None:
    async with asyncio.timeout(LONG_S):
        while await shop.value("SELECT count(*) FROM worker_heartbeat") < count:
            await asyncio.sleep(0.05)


async def assert_exact(shop: Shop, told: list[Story]) -> None:
    assert await made(shop) == expected(told)
    assert await shop.value("SELECT count(*) FROM quarantine WHERE what <> 'message'") == 0


async def test_a_worker_that_is_cut_off_from_the_database_loses_and_doubles_nothing_and_finds_back(
    durable: EmbeddedServices, shop: Shop, folder: Path, record_property: Record
) -> None:
    """It is the eldest, which hears all wake-ups, and may hold partitions: the other has to do its work."""
    told = stories(4 * PEOPLE, Random(SEED))
    before, during, after, again = (told[place * PEOPLE : (place + 1) * PEOPLE] for place in range(4))
    through = durable.endpoints.database_url.replace(
        quote(str(durable.postgres.sockets), safe=""), quote(str(folder), safe="")
    )
    waker = ArqWaker(durable.endpoints.redis_url)
    async with stalling(durable.postgres.sockets / ".s.PGSQL.5432", folder / ".s.PGSQL.5432") as network:
        eldest = Workers(replace(durable.endpoints, database_url=through), "arq", count=1)
        await until_working(shop, 1)
        other = Workers(durable.endpoints, "arq", count=1)
        try:
            await until_working(shop, 2)
            await tell(shop, waker, before)
            usual_s = await seconds_until_made(shop, expected(before).total())
            await tell(shop, waker, during[: PEOPLE // 2])
            network.stall()
            await tell(shop, waker, during[PEOPLE // 2 :])
            await asyncio.sleep(STALL_S)
            network.go_on()
            told_so_far = before + during
            await seconds_until_made(shop, expected(told_so_far).total(), within_s=RECOVERED_WITHIN_S)
            await tell(shop, waker, after)
            first_s = await seconds_until_made(shop, expected(told_so_far + after).total(), within_s=LONG_S)
            await tell(shop, waker, again)
            second_s = await seconds_until_made(shop, expected(told).total(), within_s=LONG_S)
            codes = eldest.exit_codes() + other.exit_codes()
        finally:
            network.go_on()
            eldest.end()
            other.end()
            await waker.close()

    note(record_property, told, await made(shop), stalls=1)
    record_property("ms for as many before", round(usual_s * 1000))
    record_property("ms after", round(min(first_s, second_s) * 1000))
    await assert_exact(shop, told)
    assert codes == [None, None]
    assert network.held > 0, "nothing was on its way: the drill did not bite"
    if SIZE != "commit":  # a hundred customers say nothing of a rate
        assert min(first_s, second_s) <= usual_s / RATE


async def test_while_redis_cannot_be_reached_everything_is_done_and_afterwards_wake_ups_are_heard(
    durable: EmbeddedServices, shop: Shop, folder: Path, record_property: Record
) -> None:
    told = stories(2 * PEOPLE, Random(SEED))
    before, during = told[:PEOPLE], told[PEOPLE:]
    cut = Endpoints(durable.endpoints.database_url, f"unix://{folder}/redis.sock?db=0", durable.endpoints.pid)
    waker = ArqWaker(cut.redis_url)
    async with stalling(durable.redis.socket, folder / "redis.sock") as network:
        workers = Workers(cut, "arq", count=2)
        try:
            await until_working(shop, 2)
            await tell(shop, waker, before)
            await seconds_until_made(shop, expected(before).total())
            network.stall()
            began = time.monotonic()
            await tell(shop, waker, during)
            intake_s = time.monotonic() - began
            await seconds_until_made(shop, expected(told).total())
            await asyncio.sleep(max(0.0, STALL_S - (time.monotonic() - began)))
            network.go_on()
            await until_heard(durable.endpoints.redis_url)
            codes = workers.exit_codes()
        finally:
            network.go_on()
            workers.end()
            await waker.close()

    note(record_property, told, await made(shop), stalls=1)
    record_property("ms of intake", round(intake_s * 1000))
    await assert_exact(shop, told)
    assert codes == [None, None]
    assert network.held > 0, "nothing was on its way: the drill did not bite"
    assert intake_s < LONG_S / 4, "who has an event acknowledged does not wait for Redis"


async def until_heard(redis_url: str) -> None:
    """Until what is put into arq's queue is taken from it."""
    client = connect_redis(redis_url, timeout_s=LONG_S)
    await client.enqueue_job("advance", 0, _queue_name=QUEUE)
    async with asyncio.timeout(LONG_S):
        while await client.zcard(QUEUE):
            await client.lpush(DOORBELL, 1)
            await asyncio.sleep(0.1)
    await client.aclose(close_connection_pool=True)
