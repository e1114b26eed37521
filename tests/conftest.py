"""One embedded PostgreSQL and Redis for the whole run (or KOGDA_TEST_DATABASE_URL), a fresh database for each test."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import hypothesis
import pytest

from engine.embedded import EmbeddedServices
from engine.storage.database import Database
from engine.storage.migrate import migrate
from tests.databases import named, own_database

# A commit is judged by the same examples on every machine; KOGDA_RANDOM_EXAMPLES=1 hunts for new ones.
# How busy the machine is decides nothing: making examples may take long.
hypothesis.settings.register_profile(
    "kogda",
    derandomize="KOGDA_RANDOM_EXAMPLES" not in os.environ,
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("kogda")

# Looking for cycles in what tests leave behind costs an eighth of their time, and finds little: it is done seldom.
gc.set_threshold(50_000, 20, 100)

#: Nothing here has to survive a power cut; crash drills start their own servers with fsync on.
FAST_AND_LOOSE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "120",
    "autovacuum": "off",  # its transactions would hold up the queue now and then, as any open one does
    "max_wal_size": "256MB",  # the log, too, may lie in memory
}

#: Databases are copied and dropped four times as fast in memory as on a disk that others write to.
MEMORY = Path("/dev/shm")
ROOM = 2 * 1024**3  # bytes that must be free there: a run takes a few hundred MiB in each process


@pytest.fixture(scope="session")
def services() -> Iterator[EmbeddedServices]:
    folder = Path(tempfile.mkdtemp(prefix="kogda-tests-", dir=_place()))
    with EmbeddedServices(folder, postgres_options=FAST_AND_LOOSE) as services:
        yield services
    shutil.rmtree(folder, ignore_errors=True)


def _place() -> Path | None:
    """Of the services' folder; None: where temporary files lie."""
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM:
        return None
    for lock in MEMORY.glob("kogda-tests-*/lock"):
        with contextlib.suppress(OSError):  # it has just ended
            if not Path("/proc", lock.read_text()).exists():  # it was killed, and left its folder behind
                shutil.rmtree(lock.parent, ignore_errors=True)
    return MEMORY


@pytest.fixture
def folder() -> Iterator[Path]:
    """Like tmp_path, but the account that PostgreSQL runs as may pass: pytest closes its own folders to others."""
    made = Path(tempfile.mkdtemp(prefix="kogda-test-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="session")
def template_database(services: EmbeddedServices) -> str:
    """The name of a migrated database that tests copy."""

    async def make() -> None:
        connection = await asyncpg.connect(services.endpoints.database_url)
        await connection.execute("CREATE DATABASE kogda_template")
        await connection.close()
        await migrate(named(services.endpoints.database_url, "kogda_template"))

    asyncio.run(make())
    return "kogda_template"


@pytest.fixture
async def database_url(services: EmbeddedServices, template_database: str) -> AsyncIterator[str]:
    # Files are copied in half the time that it takes to log their pages.
    async with own_database(services, f"TEMPLATE {template_database} STRATEGY FILE_COPY") as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def redis_url(services: EmbeddedServices) -> str:
    return services.endpoints.redis_url


def pytest_collection_finish() -> None:
    """What is loaded and collected stays to the end: nobody has to look through it."""
    gc.collect()
    gc.freeze()


def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """In CI nothing may skip: a skip is a failure with the same reason."""
    if (
        os.environ.get("KOGDA_TESTS_MUST_NOT_SKIP")
        and call.excinfo
        and call.excinfo.errisinstance(pytest.skip.Exception)
    ):
        raise AssertionError(f"{item.nodeid} skipped in CI: {call.excinfo.value}")
