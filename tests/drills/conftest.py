"""Servers that a drill may kill, and an empty shop on them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from api.drill.workspace import write_workspace
from engine.embedded import EmbeddedServices
from engine.storage.migrate import migrate
from engine.waker import connect_redis
from tests.drills.stage import RULES, open_workspace
from tests.engine.flow.shop import Shop, open_shop


@pytest.fixture(scope="package")
def durable() -> Iterator[EmbeddedServices]:
    """Servers of their own, with fsync on: a crash must find on disk what was acknowledged.

    Not below pytest's own folder, which each run of pytest closes to others: PostgreSQL's account could not pass.
    """
    folder = Path(tempfile.mkdtemp(prefix="kogda-drills-"))
    with EmbeddedServices(folder) as services:
        yield services
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def empty(durable: EmbeddedServices) -> EmbeddedServices:
    """The same servers, with nothing in the database and nothing in Redis, whatever a drill before left there."""
    admin = await asyncpg.connect(durable.endpoints.database_url.replace("/kogda?", "/postgres?"))
    await admin.execute("DROP DATABASE IF EXISTS kogda WITH (FORCE)")
    await admin.execute("CREATE DATABASE kogda")
    await admin.close()
    await migrate(durable.endpoints.database_url)
    redis = connect_redis(durable.endpoints.redis_url, timeout_s=60)
    await redis.flushall()
    await redis.aclose(close_connection_pool=True)
    return durable


@pytest.fixture
async def shop(empty: EmbeddedServices) -> AsyncIterator[Shop]:
    async with open_shop(empty.endpoints.database_url, *RULES) as shop:
        yield shop


@pytest.fixture
async def mailing_shop(empty: EmbeddedServices, tmp_path: Path) -> AsyncIterator[Shop]:
    """With the workspace of `kogda drill` published."""
    write_workspace(tmp_path)
    async with open_workspace(empty.endpoints.database_url, tmp_path) as shop:
        yield shop
