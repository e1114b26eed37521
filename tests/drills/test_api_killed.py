"""Drills 3 and 35: the API is killed between its commit and its answer, and asked to stop while it is busy."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from api.drill.processes import is_ready
from api.drill.stories import Story, tell_stories
from api.supervisor.ports import free_port, url
from engine.config import Settings
from tests.drills import armed
from tests.drills.armed import PATIENCE_S, kill_at, was_killed
from tests.drills.sizes import sized
from tests.engine.flow.shop import Shop, open_shop, rule

KEY = "wk_000000000001.a-key-for-drills-that-is-long-enough"
SEED = 20261122
STOPS = sized(3, 50)
#: Where it is killed, and while how many stories are stored: many by COPY, one by a single statement.
KILLS = (
    *((point, 20) for point in ("ingest.received", "ingest.copied", "ingest.committed", "ingest.answered")),
    *((point, 1) for point in ("ingest.received", "ingest.committed", "ingest.answered")),
)


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    async with open_shop(database_url, rule("welcome", "registered")) as shop:
        yield shop


@pytest.fixture
def settings(database_url: str) -> Settings:
    port = free_port("127.0.0.1", 0)
    where, key = SecretStr(database_url), SecretStr(KEY)
    return Settings(database_url=where, write_key=key, waker="null", port=port, partitions=8)


def batch_of(stories: list[Story]) -> dict[str, Any]:
    return {"batch": [item for story in stories for item in story.items()]}


async def ready(settings: Settings) -> httpx.AsyncClient:
    server = url(settings.host, settings.port)
    async with asyncio.timeout(PATIENCE_S):
        while not await asyncio.to_thread(is_ready, server):
            await asyncio.sleep(0.02)
    return httpx.AsyncClient(base_url=server, auth=(KEY, ""), timeout=60, trust_env=False)


async def test_a_batch_that_was_not_answered_is_stored_once_when_it_is_sent_again(
    shop: Shop, settings: Settings
) -> None:
    random = Random(SEED)
    counts = [*(count for _, count in KILLS), 1]
    batches = [batch_of(tell_stories(random, first=place * 20, count=count)) for place, count in enumerate(counts)]
    unanswered = []
    for (point, _), batch in zip(KILLS, batches, strict=False):
        process = armed.api(settings, kill_at(point))
        async with await ready(settings) as client:
            with pytest.raises(httpx.HTTPError):
                await client.post("/v1/batch", json=batch)
        unanswered.append(await was_killed(process))
    healthy = armed.api(settings)

    async with await ready(settings) as client:
        answers = [await client.post("/v1/batch", json=batch) for batch in batches]

    healthy.terminate()
    healthy.join(PATIENCE_S)
    assert unanswered == [True] * len(KILLS)
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, answers[-1].text)}
    assert await shop.value("SELECT count(*) FROM event") == sum(len(batch["batch"]) for batch in batches)


async def test_a_busy_api_that_is_asked_to_stop_answers_what_it_has_taken_and_ends(
    shop: Shop, settings: Settings
) -> None:
    random, told = Random(SEED), list[Story]()
    taken, statuses, slowest = [0], set[int](), 0.0
    for _ in range(STOPS):
        process = armed.api(settings)
        async with await ready(settings) as client:
            senders = [asyncio.create_task(send_until_gone(client, random, told, taken, statuses)) for _ in range(4)]
            while taken[0] < 300:
                await asyncio.sleep(0.01)
            began = time.monotonic()
            process.terminate()
            await asyncio.gather(*senders)
        await asyncio.to_thread(process.join, PATIENCE_S)
        slowest = max(slowest, time.monotonic() - began)
        taken[0] = 0
        assert process.exitcode == 0

    assert statuses == {200}
    assert slowest < 25
    acknowledged = 5 * len(told)
    stored = await shop.value("SELECT count(*) FROM event")
    assert acknowledged <= stored <= acknowledged + STOPS * 4 * 5  # an answer may be lost on its way to each sender


async def send_until_gone(
    client: httpx.AsyncClient, random: Random, told: list[Story], taken: list[int], statuses: set[int]
) -> None:
    """Until no connection is to be had. What was acknowledged is told."""
    while True:
        [story] = tell_stories(random, first=random.getrandbits(60), count=1)
        try:
            answer = await client.post("/v1/batch", json=batch_of([story]))
        except httpx.HTTPError:
            return
        statuses.add(answer.status_code)
        told.append(story)
        taken[0] += 1
