"""Drill 21: a newer version beside this one, on one database. It migrates it, and then publishes what this one cannot
read."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from random import Random

import pytest

from api.drill.sink import Sink
from api.drill.stories import Story, tell_stories
from api.drill.verdict import MADE, UNDER_WAY, as_made, judge
from engine.embedded import EmbeddedServices
from engine.waker import ArqWaker
from tests.drills.events_told import events_told
from tests.drills.newer import MIGRATE_AND_WORK, PUBLISH, ROOT, WORK, make_newer, start
from tests.drills.sizes import sized
from tests.drills.stage import Record
from tests.engine.flow.shop import Shop

SEED = 20261124
LONG_S = sized(90, 300)
PEOPLE = sized(40, 1000)  # told in each of three parts of the upgrade

#: Workers that live, by process, and how many messages each has decided.
DECIDED = """
    SELECT (detail ->> 'pid')::int AS pid, coalesce((detail #>> '{counts,decided,messages}')::int, 0) AS messages
    FROM worker_heartbeat
"""


@pytest.fixture
async def newer(tmp_path: Path) -> Path:
    return await asyncio.to_thread(make_newer, tmp_path / "newer")


async def tell(shop: Shop, waker: ArqWaker, stories: list[Story]) -> None:
    for place in range(0, len(stories), 10):
        events = events_told(shop, stories[place : place + 10])
        await shop.post(*events)
        await waker.wake({event.partition for event in events})
        await asyncio.sleep(0)


async def until_at_work(shop: Shop, count: int) -> None:
    async with asyncio.timeout(LONG_S):
        while await shop.value("SELECT count(*) FROM worker_heartbeat") < count:
            await asyncio.sleep(0.05)


async def until_quiet(shop: Shop) -> None:
    async with asyncio.timeout(LONG_S):
        while await shop.value(UNDER_WAY):
            await asyncio.sleep(0.1)


async def ended_with(process: subprocess.Popen[bytes]) -> int:
    return await asyncio.to_thread(process.wait, 60)


@pytest.mark.timeout(LONG_S * 4)
async def test_a_newer_version_takes_over_from_this_one_while_events_flow_and_nothing_is_lost(
    durable: EmbeddedServices, mailing_shop: Shop, newer: Path, tmp_path: Path, record_property: Record
) -> None:
    told = tell_stories(Random(SEED), first=0, count=3 * PEOPLE)
    parts = [told[place : place + PEOPLE] for place in range(0, len(told), PEOPLE)]
    endpoints, waker = durable.endpoints, ArqWaker(durable.endpoints.redis_url)
    started: list[subprocess.Popen[bytes]] = []
    with Sink() as sink:
        variables = {
            "KOGDA_DATABASE_URL": endpoints.database_url,
            "KOGDA_REDIS_URL": endpoints.redis_url,
            "KOGDA_SMTP_URL": sink.url,
        }
        try:
            started.append(start(ROOT, tmp_path / "old.log", *WORK, **variables))
            await until_at_work(mailing_shop, 1)
            await tell(mailing_shop, waker, parts[0])
            started.append(start(newer, tmp_path / "new.log", "-c", MIGRATE_AND_WORK, **variables))
            await until_at_work(mailing_shop, 2)
            await tell(mailing_shop, waker, parts[1])
            command = ("-c", PUBLISH, endpoints.database_url, str(tmp_path))
            started.append(start(newer, tmp_path / "publish.log", *command))
            assert await ended_with(started[2]) == 0, (tmp_path / "publish.log").read_text()
            await tell(mailing_shop, waker, parts[2])
            await until_quiet(mailing_shop)
            decided = {row["pid"]: row["messages"] for row in await mailing_shop.fetch(DECIDED)}
            for worker in started[:2]:
                worker.terminate()
            codes = [await ended_with(worker) for worker in started[:2]]
        finally:
            for process in started:
                process.kill()
                process.wait()
            await waker.close()

    mails = as_made(await mailing_shop.fetch(MADE))
    verdict = judge(told, mails, sink.arrived)
    record_property("mails", verdict.due)
    record_property("lost", verdict.lost)
    record_property("doubled", verdict.twice)
    assert verdict.is_good, verdict
    assert (verdict.unknown, verdict.marked) == (0, 0)
    assert await mailing_shop.value("SELECT count(*) FROM quarantine") == 0
    assert codes == [0, 0]
    assert all(decided[worker.pid] > 0 for worker in started[:2]), decided
    assert "plan format 2 is newer than 1" in (tmp_path / "old.log").read_text(), "the drill did not bite"
    assert "cannot be read" not in (tmp_path / "new.log").read_text()
