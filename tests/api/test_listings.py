"""A page of a list costs a page, however much there is, whatever is asked for and however deep it lies: read from what
PostgreSQL does for each request, planned for this one and planned for all."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, get_args

import httpx
import pytest

from api.schemas.consent import SuppressionKind
from api.schemas.management import MessageState
from engine.core.identity import customer_id, partition_of
from engine.runtime import Runtime
from engine.storage.database import Connection, Database
from engine.storage.reports import listings
from tests.api.conftest import ADMIN_KEY, client_of
from tests.engine.distribution.busy_day import WatchedDatabase
from tests.engine.distribution.distribution import nodes

ROWS, LIMIT, LARGEST = 40_000, 20, 200
#: Far below any table, above all of one customer and all that is under way.
MOST_READ = 1_000
CUSTOMERS = ("u:busy", "u:quiet")
#: What is rare lies where a page from the newest on comes last.
FILLED = (
    "message (partition, id, customer, run, rule, rule_set, step, channel, template, context, transactional, state,"
    " due_at, created_at) SELECT n % 8, md5(n::text)::uuid, md5('c' || n)::uuid, md5(n::text)::uuid, 'Cart', 1, 0,"
    " 'email', 'cart', '{}', false, CASE WHEN n < 9 THEN 'failed' WHEN n < 12 THEN 'unknown' WHEN n < 15 THEN 'sending'"
    " WHEN n < 99 THEN 'queued' WHEN n % 4 = 0 THEN 'suppressed' ELSE 'sent' END, now(), now() - n * interval '-1 s'",
    "run (partition, id, customer, rule, rule_set, state, began_at, body)"
    " SELECT n % 8, md5(n::text)::uuid, md5('c' || n)::uuid, 'Cart', 1, 'ended', now() - n * interval '-1 s', '{}'",
    "reject (source, reason, path, body) SELECT 'app', 'no number', '$.total', '{}'",
    "mailbox (message, recipient, subject, rule, template, partition, run, raw)"
    " SELECT md5(n::text)::uuid, 'a' || n, 'Your cart', 'Cart', 'cart', n % 8, md5(n::text)::uuid, ''",
    "suppression (channel, address, kind, reason) SELECT CASE WHEN n < 40 THEN 'sms' ELSE 'email' END,"
    " CASE WHEN n < 20 THEN 'rare' ELSE 'a' END || n, CASE WHEN n % 30000 = 30 THEN 'complaint'"
    " WHEN n < 40 THEN 'manual' ELSE 'import' END, ''",
)
ONLY_OLD_ONES_SENT = """
    UPDATE message SET state = 'suppressed'
    WHERE state = 'sent' AND created_at > (SELECT min(created_at) + interval '200 s' FROM message)
"""
OF_CUSTOMERS = """
    UPDATE {table} SET partition = $1, customer = $2 WHERE id IN (
        SELECT md5(n::text)::uuid FROM generate_series(1, 40000) n WHERE n % 40000 BETWEEN $3 AND $3 + 200
    )
"""
#: All that each list can be asked for.
ASKED: dict[str, dict[str, tuple[str | None, ...]]] = {
    "/api/messages": {"customer": (None, *CUSTOMERS), "state": (None, *get_args(MessageState))},
    "/api/runs": {"customer": CUSTOMERS},
    "/api/rejects": {},
    "/api/suppressions": {
        "channel": (None, "email", "sms", "push"),
        "kind": (None, *get_args(SuppressionKind)),
        "address": (None, "a", "a123", "rare", "nobody"),
    },
}


@pytest.fixture
async def filled(database: Database) -> None:
    async with database.connection() as connection:
        await connection.execute("SET session_replication_role = replica")
        for each in FILLED:
            await connection.execute(f"INSERT INTO {each} FROM generate_series(1, {ROWS}) AS n")
        for first, key in enumerate(CUSTOMERS):
            customer = customer_id(key)
            for table in ("message", "run") if key == "u:busy" else ():
                statement = OF_CUSTOMERS.format(table=table)
                await connection.execute(statement, partition_of(customer, 8), customer, first)
        await connection.execute("RESET session_replication_role")
        await connection.execute("VACUUM ANALYZE")


def requests(path: str) -> Iterator[tuple[str, dict[str, str]]]:
    for values in product(*ASKED[path].values()):
        yield path, {name: value for name, value in zip(ASKED[path], values, strict=True) if value is not None}


@dataclass(frozen=True)
class Watcher:
    """Asks, and looks at what PostgreSQL does for it."""

    client: httpx.AsyncClient
    statements: dict[str, tuple[Any, ...]]
    planner: Connection

    async def ask(self, path: str, given: Mapping[str, Any]) -> tuple[httpx.Response, int]:
        """The answer, and the rows that were read for it."""
        self.statements.clear()
        answer = await self.client.get(path, params=given)
        assert answer.status_code == 200, answer.text
        asked = [each for each in self.statements.items() if each[0].lstrip().startswith("SELECT")]
        assert asked
        return answer, sum([await rows_read(self.planner, *each) for each in asked])


@pytest.fixture
async def watcher(runtime: Runtime) -> AsyncIterator[Watcher]:
    watched = WatchedDatabase(runtime.database.url)
    await watched.open()
    ordinary, runtime.database = runtime.database, watched
    async with client_of(runtime) as client, ordinary.connection() as planner:
        client.auth = httpx.BasicAuth(ADMIN_KEY, "")
        yield Watcher(client, watched.statements, planner)
    runtime.database = ordinary
    await watched.close()


@pytest.mark.parametrize("path", ASKED)
@pytest.mark.usefixtures("filled")
async def test_a_page_reads_no_more_than_a_page(watcher: Watcher, path: str):
    read: dict[str, int] = {}

    for route, given in requests(path):
        for after in await pages(watcher.client, route, given):
            _, read[f"{given} {after}"] = await watcher.ask(route, {**given, **after, "limit": LIMIT})

    assert {what: count for what, count in read.items() if count > MOST_READ} == {}
    assert len(read) >= len(list(requests(path)))


@pytest.mark.usefixtures("filled")
async def test_where_almost_nothing_is_sent_a_page_of_what_is_looks_so_far_and_the_next_one_goes_on(
    watcher: Watcher, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(listings, "MOST_LOOKED_AT", ROWS // 8)
    await watcher.planner.execute(ONLY_OLD_ONES_SENT)
    sent = await watcher.planner.fetch("SELECT id FROM message WHERE state = 'sent' ORDER BY created_at DESC, id DESC")
    found: list[str] = []
    read: list[int] = []
    given = {"state": "sent", "limit": str(LIMIT)}

    while given.get("after") != "":
        answer, count = await watcher.ask("/api/messages", given)
        page = answer.json()
        found += [each["id"] for each in page["items"]]
        read.append(count)
        given["after"] = page["next"] or ""

    assert found == [str(row[0]) for row in sent] and len(found) > LIMIT
    assert len(read) > 8 and max(read) <= 2 * ROWS // 8 + LIMIT


@pytest.mark.parametrize("given", [{}, {"before": "200"}, {"q": "cart"}], ids=str)
@pytest.mark.usefixtures("filled")
async def test_a_page_of_the_mailbox_reads_no_more_than_a_page(watcher: Watcher, given: dict[str, str]):
    _, read = await watcher.ask("/mailbox", given)

    assert read <= MOST_READ


async def pages(client: httpx.AsyncClient, path: str, given: Mapping[str, str]) -> list[dict[str, str]]:
    """The first, and one that lies deeper than may be read."""
    found: list[dict[str, str]] = [{}]
    for _ in range(2 * MOST_READ // LARGEST):
        page = (await client.get(path, params={**given, **found[-1], "limit": LARGEST})).json()
        if page["next"] is None:
            break
        found.append({"after": page["next"]})
    return [found[0], *found[1:][-1:]]


async def rows_read(connection: Connection, statement: str, arguments: Sequence[Any]) -> int:
    """By the scans of the worse of both plans, with those that they threw away."""
    await connection.execute(f"PREPARE asked AS {statement}")
    given = f"({', '.join(map(literal, arguments))})" if arguments else ""
    counts = []
    for mode in ("force_custom_plan", "force_generic_plan"):
        await connection.execute(f"SET plan_cache_mode = {mode}")
        [row] = await connection.fetch(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE asked {given}")
        counts.append(sum(map(_rows, nodes(json.loads(row[0])[0]["Plan"]))))
    await connection.execute("DEALLOCATE asked; RESET plan_cache_mode")
    return max(counts)


def _rows(node: Mapping[str, Any]) -> int:
    if "Scan" not in node["Node Type"] or node["Node Type"] == "Subquery Scan":
        return 0
    seen = sum(node.get(each, 0) for each in ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck"))
    return round(seen * node["Actual Loops"])


def literal(value: object) -> str:
    if isinstance(value, list):
        return literal(f"{{{','.join(map(str, value))}}}")
    return "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"


async def test_every_list_and_all_it_can_be_asked_for_is_among_these(runtime: Runtime):
    async with client_of(runtime) as client:
        paths = (await client.get("/openapi.json")).json()["paths"]
    described = {path: {each["name"] for each in verbs["get"].get("parameters", ())} for path, verbs in paths.items()
                 if "get" in verbs}  # fmt: skip

    paged = {path: names - {"after", "limit"} for path, names in described.items() if {"after", "limit"} <= names}

    assert paged == {path: set(asked) for path, asked in ASKED.items()}
