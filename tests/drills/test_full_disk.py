"""Drill 12: the disk of the database is full, and then has room again."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from api.supervisor.services import with_urls
from api.supervisor.supervisor import LocalServices
from engine.config import Settings
from engine.embedded import EmbeddedServices
from engine.errors import Overloaded
from engine.flow.accept_events import EventWriter
from engine.storage.migrate import migrate
from tests.drills.stage import RULES, Story, Workers, expected, made, stories, until_made
from tests.engine.flow.shop import Shop, open_shop

SEED = 20261122
LONG_S = 60
DISK = "200m"  # an empty cluster takes 70 MB of it
#: Small, so that a checkpoint gives room back.
SMALL = {"max_wal_size": "48MB", "min_wal_size": "32MB", "shared_buffers": "16MB"}


@pytest.fixture
def disk() -> Iterator[Path]:
    """A small file system of its own."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("a small disk can be mounted by root on Linux only")
    folder = Path(tempfile.mkdtemp(prefix="kogda-disk-"))
    mounting = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "kogda-drill", folder], check=False)
    if mounting.returncode:
        folder.rmdir()
        pytest.skip("a small disk cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
        folder.rmdir()


def fill(disk: Path) -> Path:
    """Leaves nothing free."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return ballast


async def tell(shop: Shop, writer: EventWriter, story: Story) -> bool:
    """Whether it was acknowledged."""
    try:
        await writer.accept(list(story.events(shop)))
    except Overloaded:
        return False
    return True


async def test_a_full_disk_refuses_events_loses_none_that_were_taken_and_mends_by_itself(disk: Path) -> None:
    told = stories(2000, Random(SEED))
    with EmbeddedServices(disk, postgres_options=SMALL) as services:
        url = services.endpoints.database_url
        local = LocalServices(with_urls(Settings(), url, services.endpoints.redis_url), services, lambda *_: None)
        await migrate(url)
        async with open_shop(url, *RULES) as shop:
            writer, workers = EventWriter(shop.runtime.database, shop.runtime.waker), Workers(services.endpoints, "arq")
            try:
                acknowledged = [story for story in told[:200] if await tell(shop, writer, story)]
                ballast = fill(disk)
                refused = await told_until_refused(shop, writer, told[200:], acknowledged)
                ballast.unlink()
                await until_taken(shop, writer, local, refused)
                acknowledged.append(refused)
                await until_made(shop, expected(acknowledged).total(), within_s=LONG_S)
                codes = workers.exit_codes()
            finally:
                workers.end()
                await writer.close()

            assert await made(shop) == expected(acknowledged)
            assert await shop.value("SELECT count(*) FROM quarantine WHERE what <> 'message'") == 0
            assert await shop.value("SELECT count(*) FROM event") == 4 * len(acknowledged)
    assert codes == [None, None]


async def told_until_refused(shop: Shop, writer: EventWriter, told: list[Story], acknowledged: list[Story]) -> Story:
    for story in told:
        if not await tell(shop, writer, story):
            return story
        acknowledged.append(story)
    raise AssertionError("nothing was refused: the drill did not bite")


async def until_taken(shop: Shop, writer: EventWriter, local: LocalServices, story: Story) -> None:
    """As a client does, and beside it `kogda up`: a server that could not write its log has ended."""
    async with asyncio.timeout(LONG_S):
        while not await tell(shop, writer, story):
            local.tend()
            await asyncio.sleep(0.1)
