"""Drill 31: a backup is restored beside the server that it was taken from, which still sends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import Any

import pytest
from pydantic import SecretStr

from engine.config import Settings
from engine.embedded import EmbeddedServices
from engine.embedded.postgres import Postgres
from engine.errors import NotOurs
from engine.runtime import open_runtime, started
from engine.storage.ownership import claim, require_ours, waiting
from engine.worker import working
from tests.drills.base_backup import restored
from tests.drills.stage import Record, Story, expected, made, note, stories, until_made
from tests.engine.flow.shop import Shop

SEED = 20261125
LONG_S = 60
PEOPLE = 100  # told before the backup, and as many after it


@asynccontextmanager
async def worker_on(url: str, **more: Any) -> AsyncIterator[Shop]:
    """As `kogda worker` begins, in this process."""
    settings = Settings(database_url=SecretStr(url), waker="null", partitions=8, **more)
    async with AsyncExitStack() as stack:
        runtime = await started(settings, stack, asyncio.Event())
        await stack.enter_async_context(working(runtime))
        yield Shop(runtime)


@asynccontextmanager
async def looking_at(server: Postgres) -> AsyncIterator[Shop]:
    """As commands do, which send nothing."""
    async with open_runtime(Settings(database_url=SecretStr(server.url), waker="null")) as runtime:
        yield Shop(runtime)


async def tell(shop: Shop, told: list[Story]) -> None:
    await shop.post(*(event for story in told for event in story.events(shop)))


async def test_a_restored_backup_sends_nothing_beside_its_old_server_and_goes_on_once_it_is_claimed(
    durable: EmbeddedServices, shop: Shop, record_property: Record
) -> None:
    told = stories(2 * PEOPLE, Random(SEED))
    async with worker_on(shop.runtime.database.url) as original:
        await tell(original, told[:PEOPLE])
        await until_made(original, expected(told[:PEOPLE]).total(), within_s=LONG_S)
        await tell(original, told[PEOPLE:])
        with restored(durable.postgres) as copy:
            with pytest.raises(NotOurs, match="restored from a base backup"):
                async with worker_on(copy.url):
                    pass
            await until_made(original, expected(told).total(), within_s=LONG_S)
            assert await made(original) == expected(told)

            async with looking_at(copy) as kept:
                before = await made(kept)
                async with kept.runtime.database.transaction() as connection:
                    left = await waiting(connection)
                    await claim(connection, None)
            async with worker_on(copy.url) as claimed:
                await until_made(claimed, expected(told).total(), within_s=LONG_S)
                found = await made(claimed)

    note(record_property, told, found, restored=1)
    assert found == expected(told)
    assert before.total() < found.total(), "the copy had nothing left to do: the drill did not bite"
    assert left.last_seen is not None


async def test_a_server_that_was_promoted_is_no_copy(durable: EmbeddedServices, shop: Shop) -> None:
    """After a failover nobody waits for a person."""
    await require_ours(shop.runtime.database, None)

    with restored(durable.postgres, promoted=True) as copy:
        async with looking_at(copy) as promoted:
            async with asyncio.timeout(LONG_S):
                while await promoted.value("SELECT pg_is_in_recovery()"):
                    await asyncio.sleep(0.05)
            await require_ours(promoted.runtime.database, None)
