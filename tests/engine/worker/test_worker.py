"""A worker decides what it is told of at once, and everything else one sweep later, whatever Redis and arq do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from arq.connections import ArqRedis
from pydantic import SecretStr

from engine.config import Settings
from engine.embedded.redis import Redis
from engine.flow.advancing.advance_partition import advance_partitions
from engine.runtime import Runtime, open_runtime
from engine.waker import DOORBELL, QUEUE, ArqWaker, connect_redis, to_bytes
from engine.worker import working
from engine.worker.arq_lane import WorkerSettings
from engine.worker.lanes import AdvanceLane
from tests.engine.flow.shop import Shop, open_shop, rule

LONG_S = 60.0


@dataclass
class FakeDelivery:
    """Counts its turns; the first `failures` of them raise."""

    failures: int = 0
    turns: int = 0
    more: bool = False
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, runtime: Runtime) -> FakeDelivery:
        self.turns += 1
        if self.turns <= self.failures:
            raise RuntimeError("the provider's library has a bug")
        self.arrived.set()
        return self


@asynccontextmanager
async def at_work(database_url: str, redis_url: str, delivery: FakeDelivery | None = None) -> AsyncIterator[Runtime]:
    settings = Settings(database_url=SecretStr(database_url), redis_url=SecretStr(redis_url), partitions=8)
    async with open_runtime(settings) as runtime, working(runtime, delivery or FakeDelivery()):
        yield runtime


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[ArqRedis]:
    client = connect_redis(redis_url, timeout_s=LONG_S)
    await client.flushall()
    yield client
    await client.aclose(close_connection_pool=True)


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    async with open_shop(database_url, rule("welcome", "registered")) as shop:
        yield shop


async def until(condition: Callable[[], Awaitable[Any]]) -> None:
    async with asyncio.timeout(LONG_S):
        while not await condition():
            await asyncio.sleep(0.01)


async def messages_of(shop: Shop) -> int:
    return int(await shop.value("SELECT count(*) FROM message"))


async def enqueue(redis: ArqRedis, function: str, *arguments: Any) -> None:
    await redis.enqueue_job(function, *arguments, _queue_name=QUEUE)
    await redis.lpush(DOORBELL, 1)


async def test_without_any_wake_up_the_sweep_finds_events_and_messages(shop: Shop, redis_url: str) -> None:
    delivery = FakeDelivery()
    async with at_work(shop.runtime.database.url, redis_url, delivery):
        await shop.post(*(shop.event(str(number), "registered") for number in range(50)))

        await until(lambda: _all(shop, 50))
        await asyncio.wait_for(delivery.arrived.wait(), LONG_S)


async def _all(shop: Shop, count: int) -> bool:
    return await messages_of(shop) == count


async def test_a_wake_up_is_followed_long_before_the_sweep(shop: Shop, redis: ArqRedis, redis_url: str) -> None:
    waker = ArqWaker(redis_url, timeout_s=LONG_S)
    alone = [await _seconds_until_decided(shop, number, shop.advance) for number in range(10)]
    async with at_work(shop.runtime.database.url, redis_url):
        await _listening(redis)
        told = [await _seconds_until_decided(shop, number, lambda: waker.wake(range(8))) for number in range(10, 20)]
    await waker.close()

    # The sweep alone would need 0.75 s on average. On a busy machine everything takes its time.
    assert sorted(told)[4] < max(0.3, 10 * sorted(alone)[4])


async def _seconds_until_decided(shop: Shop, number: int, decide: Callable[[], Awaitable[Any]]) -> float:
    await shop.post(shop.event(str(number), "registered"))
    began = asyncio.get_running_loop().time()
    await decide()
    await until(lambda: _all(shop, number + 1))
    return asyncio.get_running_loop().time() - began


async def _listening(redis: ArqRedis) -> None:
    """Until the worker waits at the doorbell."""

    async def blocked() -> bool:
        return int((await redis.info("clients"))["blocked_clients"]) > 0

    await until(blocked)


async def test_a_job_of_an_unknown_function_or_that_raises_or_expired_harms_nothing(
    shop: Shop, redis: ArqRedis, redis_url: str
) -> None:
    """arq deletes each of them for good: the rows in the database are what counts."""
    delivery = FakeDelivery(failures=2)
    async with at_work(shop.runtime.database.url, redis_url, delivery):
        await enqueue(redis, "function_of_next_year", 1)
        await enqueue(redis, "advance", "no such partition")
        await redis.zadd(QUEUE, {"job-whose-key-expired": 1})
        await shop.post(shop.event("1", "registered"))
        await enqueue(redis, "deliver")

        await until(lambda: _all(shop, 1))
        await asyncio.wait_for(delivery.arrived.wait(), LONG_S)
        await until(lambda: _is_empty(redis))

    assert delivery.turns >= 3


async def _is_empty(redis: ArqRedis) -> bool:
    return await redis.zcard(QUEUE) == 0


async def test_a_pickled_job_is_not_opened(shop: Shop, redis: ArqRedis, redis_url: str, tmp_path: Path) -> None:
    """A pickle in the queue is code that would run; read as JSON it is only noise."""
    canary = tmp_path / "canary"
    code = f"cos\nsystem\n(S'touch {canary}'\ntR.".encode()
    async with at_work(shop.runtime.database.url, redis_url):
        await redis.set("arq:job:evil", code)
        await redis.zadd(QUEUE, {"evil": 1})
        await redis.lpush(DOORBELL, 1)

        await until(lambda: _is_empty(redis))

    assert not canary.exists()


async def test_wake_ups_survive_flushes_at_any_time(shop: Shop, redis: ArqRedis, redis_url: str) -> None:
    waker = ArqWaker(redis_url)
    async with at_work(shop.runtime.database.url, redis_url):
        for number in range(30):
            event = shop.event(str(number), "registered")
            await shop.post(event)
            await waker.wake([event.partition])
            if number % 3 == 0:
                await redis.flushall()

        await until(lambda: _all(shop, 30))
    await waker.close()


async def test_a_restart_of_redis_is_survived_and_wake_ups_work_again(
    database_url: str, own_redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    """A refused connection is an OSError, which ends arq's worker in its documented configuration."""
    caplog.set_level(logging.CRITICAL, logger="asyncio")
    delivery = FakeDelivery()
    async with (
        open_shop(database_url, rule("welcome", "registered")) as shop,
        at_work(database_url, own_redis.url, delivery) as runtime,
    ):
        own_redis.kill()
        await shop.post(shop.event("1", "registered"))
        await until(lambda: _all(shop, 1))  # the sweep carries on alone
        own_redis.start()
        client = connect_redis(own_redis.url, timeout_s=LONG_S)
        await _listening(client)
        delivery.arrived.clear()
        await until(lambda: _woken(runtime, delivery))
        await client.aclose(close_connection_pool=True)


async def _woken(runtime: Runtime, delivery: FakeDelivery) -> bool:
    await runtime.waker.wake_delivery()
    return delivery.arrived.is_set()


async def test_a_worker_starts_and_works_while_redis_is_away(shop: Shop, tmp_path: Path) -> None:
    async with at_work(shop.runtime.database.url, Redis(tmp_path, tmp_path / "log").url):
        await shop.post(shop.event("1", "registered"))

        await until(lambda: _all(shop, 1))


async def test_stopping_finishes_the_batch_under_way(shop: Shop, redis_url: str) -> None:
    await shop.post(*(shop.event(str(number), "registered") for number in range(3000)))
    async with at_work(shop.runtime.database.url, redis_url):
        await until(lambda: _some(shop))

    decided = await messages_of(shop)
    await _drain(shop)

    assert 0 < decided <= 3000
    assert await messages_of(shop) == 3000
    assert await shop.value("SELECT count(DISTINCT customer) FROM message") == 3000
    assert await shop.value("SELECT count(*) FROM worker_heartbeat") == 0


async def _some(shop: Shop) -> bool:
    return await messages_of(shop) > 0


async def _drain(shop: Shop) -> None:
    while (await advance_partitions(shop.runtime, range(8))).more:
        pass


async def test_a_wake_up_is_answered_by_the_next_batch_although_others_follow(shop: Shop) -> None:
    """Were it answered when the lane is idle, arq's places would fill up under load and the bell would go unheard."""
    lane = AdvanceLane(shop.runtime)
    await shop.post(*(shop.event(str(number), "registered") for number in range(6000)))

    async with asyncio.timeout(LONG_S):
        await lane.advance(range(8))
        decided = await messages_of(shop)
        await lane.close()

    assert 0 < decided < 6000


async def test_a_living_worker_has_a_heartbeat(shop: Shop, redis_url: str) -> None:
    async with at_work(shop.runtime.database.url, redis_url):

        async def beats() -> bool:
            return bool(await shop.value("SELECT count(*) FROM worker_heartbeat"))

        await until(beats)


async def test_events_of_a_month_without_a_partition_are_kept_and_read(shop: Shop) -> None:
    await shop.execute("DO $$ BEGIN EXECUTE 'DROP TABLE event_' || to_char(now(), 'YYYY_MM'); END $$")
    await shop.post(shop.event("1", "registered"))

    await shop.advance()

    assert await shop.templates_sent_to("u:1") == ["welcome"]
    assert await shop.value("SELECT tableoid::regclass::text FROM event") == "event_default"


def test_the_settings_of_arq_give_its_traps_no_hold() -> None:
    settings = vars(WorkerSettings)

    assert settings["keep_result"] == 0
    assert all(function.keep_result_s == 0 for function in WorkerSettings.functions)
    assert settings["log_results"] is False
    assert settings["allow_abort_jobs"] is False
    assert (
        not {"cron_jobs", "on_startup", "on_shutdown", "on_job_start", "on_job_end", "after_job_end"} & settings.keys()
    )
    assert settings["job_serializer"].__func__ is to_bytes
