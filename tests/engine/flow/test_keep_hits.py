"""Hits on their way to the database: gathered, kept while it is away, lost only when there are too many."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest

from engine.flow.answers.keep_hits import HitKeeper
from engine.tracking.tokens import Link, Place
from tests.engine.flow.shop import Shop, open_shop, rule

HEADERS = {"user-agent": "Mozilla/5.0 (X11) \0 " + "x" * 1000, "cookie": "secret"}


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    async with open_shop(database_url, rule("welcome", "registered")) as shop:
        yield shop


@asynccontextmanager
async def keeper_of(shop: Shop, **bounds: int) -> AsyncIterator[HitKeeper]:
    keeper = HitKeeper(shop.runtime, **bounds)
    yield keeper
    await keeper.close()


def click(keeper: HitKeeper, message: UUID | None = None) -> None:
    keeper.clicked(Link(Place(1, message or uuid4()), 1, 2, "https://shop.example/"), method="GET", headers=HEADERS)


async def test_hits_are_written_with_what_is_judged_and_nothing_else(shop: Shop):
    async with keeper_of(shop) as keeper:
        click(keeper)
        await keeper.flush()

        [row] = await shop.fetch("SELECT raw, now() - at < interval '1 minute' AS fresh FROM hit")

    assert row["fresh"]
    assert row["raw"]["method"] == "GET"
    assert list(row["raw"]["headers"]) == ["user-agent"]
    assert len(row["raw"]["headers"]["user-agent"]) < 401
    assert "\0" not in row["raw"]["headers"]["user-agent"]


async def test_what_comes_in_together_is_written_together(shop: Shop):
    async with keeper_of(shop) as keeper:
        for _ in range(2_500):
            click(keeper)
        await keeper.flush()

    assert await shop.value("SELECT count(*) FROM hit") == 2_500
    assert await shop.value("SELECT count(DISTINCT xmin::text) FROM hit") == 3


async def test_while_the_database_is_away_hits_wait_with_their_time(shop: Shop):
    async with keeper_of(shop) as keeper:
        await shop.execute("ALTER TABLE hit RENAME TO gone")
        click(keeper)
        await asyncio.wait_for(_tried(keeper), 60)
        await shop.execute("ALTER TABLE gone RENAME TO hit")
        await asyncio.wait_for(_written(shop), 60)

        [row] = await shop.fetch("SELECT now() - at > interval '300 milliseconds' AS is_old FROM hit")

    assert row["is_old"]


async def _tried(keeper: HitKeeper) -> None:
    while keeper.tries == 0:
        await asyncio.sleep(0.05)


async def _written(shop: Shop) -> None:
    while not await shop.value("SELECT count(*) FROM hit"):
        await asyncio.sleep(0.05)


async def test_more_than_fits_is_lost_and_counted(shop: Shop):
    async with keeper_of(shop, most_waiting=10) as keeper:
        for _ in range(15):
            click(keeper)
        await keeper.flush()

    assert keeper.lost == 5
    assert await shop.value("SELECT count(*) FROM hit") == 10


async def test_what_comes_in_while_others_are_judged_is_judged_too(shop: Shop):
    async with keeper_of(shop) as keeper:
        keeper.pause_s = 0.1
        await shop.execute(
            "INSERT INTO hit (partition, message, at, kind, raw)"
            " SELECT 1, gen_random_uuid(), now() - interval '1 hour', 'opened', '{}'"
        )
        click(keeper)
        await keeper.flush()
        await shop.execute("UPDATE hit SET at = at - interval '1 hour'")
        await asyncio.wait_for(_judged(shop), 60)

    assert await shop.value("SELECT count(*) FROM hit WHERE class IS NOT NULL") == 2


async def _judged(shop: Shop) -> None:
    while await shop.value("SELECT count(*) FROM hit WHERE class IS NULL"):
        await asyncio.sleep(0.05)
