"""The doctor looks at the copy that reports are read from: a real standby, and what may be there instead of one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from api.doctor import Finding
from api.doctor.replica import Copy, check_replica, judge_copy
from engine.config import Settings, read_settings
from engine.embedded import EmbeddedServices
from engine.storage.database import Database
from engine.storage.installation import found_installation
from tests.standby_server import standby_of

OURS, ANOTHER = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("copy", "state", "text"),
    [
        (Copy(OURS, True, 0.0), "good", "0.0 s behind"),
        (Copy(OURS, True, 59.9), "good", "59.9 s behind"),
        (Copy(OURS, True, 3700.2), "warning", "3700 s behind: reports show what was true then"),
        (Copy(OURS, True, None), "warning", "answers, and has received nothing yet"),
        (Copy(OURS, False, 0.0), "unknown", "answers; it is no standby, so how far it is behind is not known"),
        (Copy(ANOTHER, True, 0.0), "problem", "is a copy of another installation"),
        (Copy(None, True, 0.0), "problem", "is a copy of another installation"),
    ],
    ids=["level", "a minute", "an hour", "never", "no standby", "another", "empty"],
)
def test_what_a_copy_says_of_itself_is_judged(copy: Copy, state: str, text: str):
    finding = judge_copy(OURS, copy)

    assert (finding.state, finding.text) == (state, text)


async def test_a_copy_that_does_not_answer_is_a_problem(database: Database, database_url: str, tmp_path: Path):
    await found_installation(database, 1)

    [finding] = await check_replica(settings(database_url, f"postgresql://kogda@/kogda?host={tmp_path}"))

    assert finding.state == "problem"
    assert finding.text.startswith("does not answer: ")
    assert "the database itself is asked" in finding.advice


async def test_without_a_copy_there_is_nothing_to_say(database_url: str):
    assert await check_replica(read_settings(database_url=database_url)) == []


@pytest.fixture
def standby_url(services: EmbeddedServices, database_url: str) -> Iterator[str]:
    with standby_of(services, database_url) as url:
        yield url


async def test_a_standby_is_level_or_behind(database: Database, database_url: str, standby_url: str):
    both = settings(database_url, standby_url)
    await found_installation(database, 1)

    level = await said(both, lambda text: text == "0.0 s behind")
    await tell(standby_url, "SELECT pg_wal_replay_pause()")
    await until_paused(standby_url)
    await tell(database_url, "UPDATE installation SET partitions = partitions")
    behind = await said(both, lambda text: text not in ("0.0 s behind", level.text))

    assert level.state == "good"
    assert behind.text.endswith(" s behind")


async def said(both: Settings, is_it: Callable[[str], bool]) -> Finding:
    async with asyncio.timeout(60):
        while True:
            [finding] = await check_replica(both)
            if is_it(finding.text):
                return finding


async def tell(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


async def until_paused(url: str) -> None:
    connection = await asyncpg.connect(url)
    async with asyncio.timeout(60):
        while await connection.fetchval("SELECT pg_get_wal_replay_pause_state()") != "paused":
            await asyncio.sleep(0.01)
    await connection.close()


def settings(database_url: str, read_url: str) -> Settings:
    return read_settings(database_url=database_url, read_database_url=read_url)
