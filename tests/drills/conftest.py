"""Servers that a drill may kill, and an empty shop on them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from engine.embedded import EmbeddedServices
from engine.storage.migrate import migrate
from tests.drills.stage import RULES
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
async def shop(durable: EmbeddedServices) -> AsyncIterator[Shop]:
    await migrate(durable.endpoints.database_url)
    async with open_shop(durable.endpoints.database_url, *RULES) as shop:
        await shop.execute(
            """
            TRUNCATE event, event_key, customer, run, run_note, once_mark, outcome, message, quarantine, mailbox,
                     worker_heartbeat
            """
        )
        yield shop
