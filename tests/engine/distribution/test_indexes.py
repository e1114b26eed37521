"""What is asked all day stays by its indexes: read from the plans of a busy day's statements, in a database that has
long been in use."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.core.identity import customer_id
from engine.storage.customers.erasure import undecided_merges
from engine.storage.customers.holdings import Person, Self
from engine.storage.database import Connection, Database
from engine.storage.delivery.delivery_signs import retrying_messages
from engine.storage.runs.bulk import people_in
from tests.engine.distribution.busy_day import statements_of_a_busy_day
from tests.engine.distribution.distribution import nodes

ROWS = 40_000
#: Each of them by the number `n`; what is under way is one in a hundred.
FILLED = (
    "customer (partition, id, key, email, phone)"
    " SELECT n % 8, md5('c' || n)::uuid, 'u:c' || n, 'a' || n || '@example.com', '+4930' || n",
    "event (partition, xid, id, customer, kind, name, at, received_at, source, body)"
    " SELECT n % 8, '7', md5(n::text)::uuid, md5('c' || n)::uuid, 0, 'order_placed', now(), now(), 'app', '{}'",
    "event_key SELECT md5(n::text)::uuid",
    "run (partition, id, customer, rule, rule_set, state, wake_at, began_at, open_until, body)"
    " SELECT n % 8, md5(n::text)::uuid, md5('c' || n)::uuid, 'Cart', 1, CASE n % 100 WHEN 0 THEN 'waiting' ELSE 'ended'"
    " END, CASE n % 100 WHEN 0 THEN now() END, now(), CASE n % 100 WHEN 0 THEN now() END, '{}'",
    "run_note SELECT n % 8, md5(n::text)::uuid, now(), 1, 'began', ''",
    "once_mark SELECT n % 8, md5('c' || n)::uuid, 'Cart', 'c', md5(n::text)::uuid, now()",
    "count_mark SELECT n % 8, md5('c' || n)::uuid, 'Often', '', now(), 1",
    "appointment SELECT n % 8, md5('c' || n)::uuid, 'schedule', 'Daily', now() + n * interval '1 s', '', '', ''",
    "membership SELECT n % 8, md5('c' || n)::uuid, 'gold', '', true, now()",
    "message (partition, id, customer, run, rule, rule_set, step, channel, template, context, transactional, state,"
    " due_at, created_at) SELECT n % 8, md5(n::text)::uuid, md5('c' || n)::uuid, md5(n::text)::uuid, 'Cart', 1, 0,"
    " 'email', 'cart', '{}', false, CASE n % 100 WHEN 0 THEN 'queued' ELSE 'sent' END, now(), now()",
    "reaction (partition, message, kind, customer, at, last_at)"
    " SELECT n % 8, md5(n::text)::uuid, 'opened', md5('c' || n)::uuid, now(), now()",
    "conversion (partition, event, message, customer, touch, at)"
    " SELECT n % 8, md5(n::text)::uuid, md5(n::text)::uuid, md5('c' || n)::uuid, 'sent', now()",
    "hit (partition, message, at, kind, class, raw) SELECT n % 8, md5(n::text)::uuid, now(), 'opened', 'person', '{}'",
    "contact (partition, customer, channel, address) SELECT n % 8, md5('c' || n)::uuid, 'push', 't' || n",
    "points_entry SELECT n % 8, md5(n::text)::uuid, md5('c' || n)::uuid, md5(n::text)::uuid, 'Order', 1, now()",
    "consent_entry (partition, id, customer, at, what, given, how)"
    " SELECT n % 8, md5(n::text)::uuid, md5('c' || n)::uuid, now(), 'email', true, 'app'",
)
#: Transactions, and what only the test itself says.
_BESIDE = re.compile(r"\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET|UPDATE run SET wake_at = wake_at - )")


@pytest.fixture
async def planner(database: Database) -> AsyncIterator[Connection]:
    async with database.connection() as connection:
        yield connection


async def fill(connection: Connection) -> None:
    await connection.execute("SET session_replication_role = replica")
    for each in FILLED:
        await connection.execute(f"INSERT INTO {each} FROM generate_series(1, {ROWS}) AS n")
    await connection.execute("RESET session_replication_role")
    await connection.execute("VACUUM ANALYZE")


async def large_tables(connection: Connection) -> set[str]:
    """With the months of `event` that are."""
    rows = await connection.fetch("SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= $1", ROWS)
    return {row[0] for row in rows}


async def read_as_a_whole(connection: Connection, statement: str, arguments: Sequence[Any] = ()) -> list[str]:
    """Tables that the statement goes through from end to end."""
    [row] = await connection.fetch(f"EXPLAIN (FORMAT JSON) {statement}", *arguments)
    return [node["Relation Name"] for node in nodes(json.loads(row[0])[0]["Plan"]) if "Seq Scan" in node["Node Type"]]


async def test_what_is_asked_all_day_reads_no_large_table_as_a_whole(
    planner: Connection, database_url: str, tmp_path: Path
):
    statements = await statements_of_a_busy_day(database_url, tmp_path)
    await fill(planner)

    large = await large_tables(planner)
    asked = {text: given for text, given in statements.items() if not _BESIDE.match(text)}
    found = {text: large.intersection(await read_as_a_whole(planner, text, given)) for text, given in asked.items()}

    assert {text: tables for text, tables in found.items() if tables} == {}
    assert len(large) == len(FILLED) and len(asked) > 60


async def test_people_inside_of_rules_are_counted_without_reading_all_who_ever_were(planner: Connection):
    await fill(planner)
    asked: list[tuple[str, Sequence[Any]]] = []

    with planner.query_logger(lambda logged: asked.append((logged.query, logged.args))):
        people = await people_in(planner, ["Cart"])
    await asyncio.sleep(0)  # the driver tells it a turn later

    assert people == {"Cart": ROWS // 100}
    [read] = [await read_as_a_whole(planner, *each) for each in asked]
    assert (await large_tables(planner)).isdisjoint(read)


async def test_messages_tried_before_are_counted_without_all_others_that_a_mailing_has_queued(planner: Connection):
    await fill(planner)
    await planner.execute(
        "UPDATE message SET state = 'queued', attempts = (id < '01000000-0000-0000-0000-000000000000')::int"
    )
    await planner.execute("VACUUM ANALYZE message")
    asked: list[str] = []

    with planner.query_logger(lambda logged: asked.append(logged.query)):
        tried = await retrying_messages(planner)
    await asyncio.sleep(0)

    [row] = await planner.fetch(f"EXPLAIN (ANALYZE, FORMAT JSON) {asked[0]}")
    scans = [node for node in nodes(json.loads(row[0])[0]["Plan"]) if "Scan" in node["Node Type"]]
    assert 0 < tried < ROWS // 100
    assert sum(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in scans) == tried


async def test_before_an_erasure_merges_on_their_way_are_looked_for_among_what_is_undecided(planner: Connection):
    await fill(planner)
    await planner.execute("INSERT INTO partition_cursor (partition, xid) SELECT n, '8' FROM generate_series(0, 7) AS n")
    await planner.execute("ANALYZE partition_cursor")
    person = Person([Self(0, customer_id("u:c1"), "u:c1", None, None)], customer_id("u:c1"))
    asked: list[tuple[str, Sequence[Any]]] = []

    with planner.query_logger(lambda logged: asked.append((logged.query, logged.args))):
        waiting = await undecided_merges(planner, person)
    await asyncio.sleep(0)

    assert waiting == 0
    assert (await large_tables(planner)).isdisjoint(await read_as_a_whole(planner, *asked[-1]))


async def test_a_statement_that_reads_a_whole_table_is_seen(planner: Connection):
    assert await read_as_a_whole(planner, "SELECT FROM reject WHERE source = 'crm'") == ["reject"]
    assert await read_as_a_whole(planner, "SELECT FROM message WHERE partition = 1 AND id = gen_random_uuid()") == []
