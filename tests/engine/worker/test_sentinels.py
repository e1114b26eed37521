"""Wake-ups go on when the Redis they went to is gone and its replica has taken over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from engine.config import Settings, read_settings
from engine.errors import ConfigurationError
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.runtime import open_runtime
from engine.sentinels import sentinels_of
from engine.waker import ArqWaker
from engine.worker.arq_lane import serve_wakes
from engine.worker.lanes import AdvanceLanes, DeliverLane
from engine.worker.standby import Standby
from tests.engine.worker.sentinels import PATIENCE_S, Guarded, ask_master, guarded


class RecordingAdvance(AdvanceLanes):
    def __init__(self) -> None:
        self.heard: set[int] = set()

    async def advance(self, partitions: object) -> None:
        self.heard.update(partitions)  # type: ignore[call-overload]


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[Guarded]:
    async with guarded(tmp_path) as servers:
        yield servers


async def test_a_worker_hears_by_the_replica_after_the_master_was_killed(servers: Guarded, database_url: str):
    settings = Settings(database_url=SecretStr(database_url), redis_url=SecretStr(servers.url), partitions=8)
    lanes = RecordingAdvance()

    async def wake_until_heard(waker: ArqWaker, partition: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while partition not in lanes.heard:
                await waker.wake([partition])
                await asyncio.sleep(0.05)

    async with open_runtime(settings) as runtime:
        waker = ArqWaker(servers.url)
        delivering = DeliverLane(runtime, deliver_messages)
        serving = asyncio.create_task(serve_wakes(servers.url, lanes, deliver_lane=delivering, standby=Standby()))
        await wake_until_heard(waker, 1)

        servers.kill("first")
        await wake_until_heard(waker, 2)

        answer = await ask_master(servers.url, lambda client: client.info())
        assert (answer["role"], answer["tcp_port"]) == ("master", servers.ports["second"])
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await waker.close()


def test_an_address_of_sentinels_names_them_all():
    found = sentinels_of("redis+sentinel://kogda:p%40ss@one,two:26380,[::1]:7/3?master=shop")

    assert found is not None
    assert found.hosts == (("one", 26379), ("two", 26380), ("::1", 7))
    assert (found.master, found.database) == ("shop", 3)
    assert found.client_options() == {"db": 3, "username": "kogda", "password": "p@ss"}
    assert "p@ss" not in repr(found)


def test_an_ordinary_address_has_none():
    assert sentinels_of("redis://host:6379/0") is None


@pytest.mark.parametrize("url", ["redis+sentinel://one:port/0", "redis+sentinel:///0", "redis+sentinel://one/x"])
def test_an_address_that_cannot_be_read_is_refused_at_the_start(url: str):
    with pytest.raises(ConfigurationError, match="KOGDA_REDIS_URL"):
        read_settings(redis_url=url)
