"""`kogda drill` on somebody's own server: what is theirs stays as it is, and nothing of the drill stays behind."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import psutil
import pytest

from api.drill.run import variables_of
from api.drill.scratch import beside, scratch
from api.drill.sink import Sink
from engine.clock import utc_now
from engine.config import Settings
from engine.embedded import EmbeddedServices
from tests.cli.running import environment, kogda, still_runs, until
from tests.drills.sizes import sized
from tests.drills.stage import Record

#: A seed that kills nobody in its first seconds: leases of the dead take 45 s, which is for the night.
MINUTES, SEED = sized(("0.1", "25"), ("5", "20261122"), ("480", "20261122"))
WITHIN_S = sized(800, 800, 30_000)


async def said_by(url: str, query: str) -> list[object]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


DATABASES = "SELECT datname FROM pg_database WHERE datname LIKE 'kogda_drill%'"
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"


@pytest.mark.timeout(WITHIN_S + 100)
async def test_a_drill_beside_a_real_database_loses_nothing_and_touches_nothing_of_it(
    services: EmbeddedServices, database_url: str, folder: Path, record_property: Record
) -> None:
    theirs = beside(database_url, "theirs")
    await said_by(database_url, "CREATE DATABASE theirs")
    await said_by(theirs, "CREATE TABLE event (name text)")
    await said_by(theirs, "INSERT INTO event VALUES ('precious') RETURNING 1")

    drill = kogda(
        "drill",
        "--minutes",
        MINUTES,
        "--seed",
        SEED,
        "--json",
        cwd=folder,
        within_s=WITHIN_S,
        KOGDA_DATABASE_URL=theirs,
    )

    assert drill.returncode == 0, drill.stdout + drill.stderr
    card = json.loads(drill.stdout)
    for name in ("minutes", "seed", "events", "lost", "doubled"):
        record_property(name, card[name])
    assert card["events"] > 0
    assert sum(card["faults"].values()) > 0
    assert (card["lost"], card["doubled"], card["unsettled"]) == (0, 0, 0)
    assert await said_by(theirs, "SELECT * FROM event") == [("precious",)]
    assert await said_by(theirs, TABLES) == [("event",)]
    assert await said_by(theirs, DATABASES) == []
    assert [path.name for path in (folder / ".kogda").iterdir()] == ["drill.log"]


async def test_everything_that_leads_out_of_a_drill_is_replaced(database_url: str, folder: Path) -> None:
    real = Settings(
        database_url=database_url,
        redis_url="redis://redis.shop.example",
        smtp_url="smtp://mail.shop.example",
        public_url="https://shop.example",
        data=folder / "data",
        workspace=folder,
    )  # type: ignore[arg-type]

    def settings_and_variables() -> tuple[Settings, dict[str, str]]:
        with scratch(real, at=utc_now(), seed=1) as place, Sink() as sink:
            own = place.settings(real)
            return own, variables_of(own, sink, "key")

    own, variables = await asyncio.to_thread(settings_and_variables)

    assert own.database_url is not None
    assert "/kogda_drill_" in own.database_url.get_secret_value()
    assert not [value for value in variables.values() if "shop.example" in value or value == database_url]
    assert variables["KOGDA_SMTP_URL"].startswith("smtp://127.0.0.1:")
    assert await said_by(database_url, DATABASES) == []
    assert list((folder / "data").iterdir()) == []


def test_ctrl_c_ends_a_drill_and_leaves_nothing_behind(folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "drill", "--minutes", "5"],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    while "events acknowledged" not in (line := process.stderr.readline()):
        assert line, "the drill ended before it began"
    family = psutil.Process(process.pid).children(recursive=True)

    process.send_signal(signal.SIGINT)
    output, rest = process.communicate(timeout=120)

    assert process.returncode == 130, output + rest
    assert "nothing was judged" in rest
    assert len(family) > 3
    until(lambda: not [each for each in family if still_runs(each)])
    assert [path.name for path in (folder / ".kogda").iterdir()] == ["drill.log"]


def test_up_refuses_failpoints_that_no_drill_has_armed(folder: Path) -> None:
    up = kogda("up", "--port", "0", cwd=folder, KOGDA_TEST_FAILPOINTS="decide.moved=kill")

    assert up.returncode == 2
    assert "is for drills and would end this server" in up.stderr
    assert not (folder / ".kogda").exists()
