"""What is done for each event and message names its partition, the distribution key: read from the plans of all that a
busy day asks of PostgreSQL. What asks all partitions at once is listed here, with the reason."""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.storage import revisions
from engine.storage.database import Connection, Database
from tests.engine.distribution.busy_day import statements_of_a_busy_day
from tests.engine.distribution.distribution import distributed_tables, unrestricted

#: Of a statement's text: why it may ask all partitions. docs/scaling.md tells what becomes of each on several servers.
ASKS_ALL = {
    "SELECT c.partition FROM partition_cursor c": "the sweep: which partitions have something to do, at all",
    "due AS MATERIALIZED": "the claim: what is due first, wherever it is",
    "WHERE state = 'sending' AND deadline < now() ORDER BY deadline LIMIT": "the claim: what was left by the dead",
    "FROM once_mark WHERE key = '\x1fplace'": "`only first 50 customers` counts all of them",
    "FROM promo_code": "pools of codes are shared by all partitions, and known by their codes",
    "UPDATE promo_code": "pools of codes are shared by all partitions, and known by their codes",
    "FROM hit\n        WHERE class IS NULL": "hits that are to be judged, wherever they are: a round, not the road",
    "DELETE FROM figure_change": "the fold of figures: a round, not the road",
}
#: Transactions, and what only the test itself says.
_BESIDE = re.compile(r"\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET|UPDATE run SET wake_at = wake_at - )")


@pytest.fixture
async def statements(database_url: str, tmp_path: Path) -> Mapping[str, tuple[Any, ...]]:
    found = await statements_of_a_busy_day(database_url, tmp_path)
    return {text: arguments for text, arguments in found.items() if not _BESIDE.match(text)}


@pytest.fixture
async def planner(database: Database) -> AsyncIterator[Connection]:
    async with database.connection() as connection:
        yield connection


async def test_what_happens_to_each_event_and_message_names_its_partition(
    statements: Mapping[str, tuple[Any, ...]], planner: Connection
):
    tables = await distributed_tables(planner)

    at_large = {}
    for text, arguments in statements.items():
        missing = await unrestricted(planner, text, arguments, tables=tables)
        if missing:
            at_large[text] = missing

    unlisted = {text: tables for text, tables in at_large.items() if not any(part in text for part in ASKS_ALL)}
    assert not unlisted
    assert len(statements) > 60
    unused = [part for part in ASKS_ALL if not any(part in text for text in at_large)]
    assert not unused


@pytest.mark.parametrize(
    ("statement", "missing"),
    [
        pytest.param("SELECT 1 FROM message m WHERE m.partition = 3 AND m.id IS NULL", [], id="named"),
        pytest.param("SELECT 1 FROM message WHERE partition = ANY('{1,2}')", [], id="several"),
        pytest.param(
            "SELECT 1 FROM unnest('{1}'::smallint[]) AS w (partition) JOIN message m USING (partition)", [], id="joined"
        ),
        pytest.param("SELECT 1 FROM message m JOIN run r ON r.partition = m.partition WHERE m.partition = 3", [],
                     id="passed on"),
        pytest.param("SELECT 1 FROM message m JOIN run r ON r.id = m.run WHERE m.partition = 3", ["run r"], id="lost"),
        pytest.param("UPDATE message SET state = 'sent' WHERE state = 'queued'", ["message message"], id="written"),
        pytest.param("SELECT 1 FROM message WHERE partition > 3", ["message message"], id="a range"),
    ],
)  # fmt: skip
async def test_a_statement_that_loses_the_key_is_seen(planner: Connection, statement: str, missing: list[str]):
    tables = await distributed_tables(planner)

    assert await unrestricted(planner, statement, (), tables=tables) == missing


async def test_triggers_join_by_the_key_too():
    scripts = (Path(inspect.getfile(revisions)).parent / "migrations/versions").glob("*.sql")
    bodies = [body for script in scripts for body in re.findall(r"\$\$(.*?)\$\$", script.read_text(), re.DOTALL)]

    joins = [join for body in bodies for join in re.findall(r"JOIN message m ON (\S+ = \S+)", body)]

    assert joins and all(".partition = " in join for join in joins)
