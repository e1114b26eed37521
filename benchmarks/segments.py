"""A look at every customer after a segment was published or edited: the most that a publication can ask for."""

from __future__ import annotations

import asyncio
import os
import time

from pydantic import SecretStr

from benchmarks.report import Figure
from benchmarks.stand import scratch_services
from benchmarks.workers import cpu_of_family
from dsl.catalog import BUILT_IN_ATTRIBUTES, Catalog, EventType
from dsl.kinds import Kind
from engine.config import Settings
from engine.embedded import EmbeddedServices
from engine.flow.publishing.publish_rules import publish
from engine.runtime import Runtime, open_runtime
from engine.storage.migrate import migrate
from engine.testing.virtual.compiled import compiled
from engine.waker import NullWaker
from engine.worker.lanes import AdvanceLanes
from engine.worker.standby import Standby

PARTITIONS = 64
EVENTS_EACH = 10
ZONES = ("UTC", "Europe/Riga", "Europe/Berlin", "Asia/Tokyo", "America/New_York")
IS_FULL = "KOGDA_BENCH_FULL" in os.environ
CUSTOMERS = 1_000_000 if IS_FULL else 50_000
#: As docs/scaling.md advises for so many; without it the indexes of a million do not fit into PostgreSQL's memory.
POSTGRES = {"shared_buffers": "4GB", "max_wal_size": "16GB"} if IS_FULL else {}
#: For the details of rows.
TUNED = "; PostgreSQL with " + ", ".join(f"{name} {value}" for name, value in POSTGRES.items()) if IS_FULL else ""
GOAL_S = 20  # for a million customers and ten million events

TEXT, MONEY = Kind(name="text"), Kind(name="money")
CATALOG = Catalog(
    events={
        "order_placed": EventType(name="order_placed", properties={"total": MONEY}),
        "page_viewed": EventType(name="page_viewed", properties={"page": TEXT}),
    },
    attributes={**BUILT_IN_ATTRIBUTES, "country": TEXT},
    timezone="UTC",
    currency="EUR",
)
SEGMENT = """
segment loyal means customer.country is "LV"
  and sum of order_placed.total in last 180 days > {least} EUR
  and page_viewed in last 30 days
"""


def measure(*, customers: int = CUSTOMERS) -> list[Figure]:
    with scratch_services(POSTGRES) as services:
        return asyncio.run(_measure(services, customers))


async def _measure(services: EmbeddedServices, customers: int) -> list[Figure]:
    url = services.endpoints.database_url
    await migrate(url)
    settings = Settings(database_url=SecretStr(url), partitions=PARTITIONS, waker="null")
    async with open_runtime(settings, waker=NullWaker()) as runtime:
        await fill(runtime, customers)
        plain = await _plain(runtime)
        first = await look_at_all(runtime, SEGMENT.format(least=200))
        before = _cpu(services)
        again = await look_at_all(runtime, SEGMENT.format(least=300))
        worker, postgres = ((now - then) / customers * 1e6 for now, then in zip(_cpu(services), before, strict=True))
        members = await _value(runtime, "SELECT count(*) FROM membership WHERE is_in")
    size = f"{customers:,} customers, {customers * EVENTS_EACH:,} events, {members:,} members; one worker, two lanes"
    goal = GOAL_S * customers / 1_000_000
    share = TUNED if IS_FULL else f"; the goal is {GOAL_S} s for a million (KOGDA_BENCH_FULL=1)"
    return [
        Figure(what="one SQL query of the same three conditions, nothing written", value=plain, unit="s", detail=size),
        Figure(what="the first look at every customer for a segment", value=first, unit="s", detail=size),
        Figure(
            what="full recompute of a three-condition segment after an edit",
            value=again,
            unit="s",
            goal=goal,
            at_least=False,
            detail=f"{size}; CPU for each customer: worker {worker:.1f} µs, PostgreSQL {postgres:.1f} µs{share}",
        ),
    ]


def _cpu(services: EmbeddedServices) -> tuple[float, float]:
    return time.process_time(), cpu_of_family(services.postgres.pid)


#: A customer's id decides the partition: its first 32 bits, as `engine.core.identity` has it.
_CUSTOMERS = f"""
    INSERT INTO customer (partition, id, key, timezone, attributes)
    SELECT (('x' || left(id::text, 8))::bit(32)::bigint % {PARTITIONS})::smallint, id, 'u:' || n,
           ($2::text[])[n % cardinality($2::text[]) + 1],
           jsonb_build_object('country', CASE WHEN n % 2 = 0 THEN 'LV' ELSE 'EE' END, 'name', 'Customer ' || n)
    FROM (SELECT n, md5(n::text)::uuid AS id FROM generate_series(0, $1::integer - 1) AS n) AS numbered
"""  # noqa: S608
#: In the order of time, so that the events of one customer lie far apart, as they do in a shop.
_EVENTS = f"""
    INSERT INTO event (partition, xid, seq, id, customer, kind, name, at, received_at, source, body)
    SELECT (('x' || left(who::text, 8))::bit(32)::bigint % {PARTITIONS})::smallint, '0', n, md5('e' || n)::uuid, who,
           0, name, at, at, 'bench', jsonb_build_object('key', 'u:' || number, 'messageId', 'm' || n, 'properties',
               jsonb_build_object('total', 10 + n % 190, 'currency', 'EUR', 'page', 'p' || n % 1000))
    FROM (
        SELECT n, number, md5(number::text)::uuid AS who,
               CASE WHEN n * 7 / $1::bigint % 2 = 0 THEN 'order_placed' ELSE 'page_viewed' END AS name,
               now() - interval '300 days' + n * (interval '300 days' / ($1::bigint * {EVENTS_EACH})) AS at
        FROM (SELECT n, n * 7919 % $1::bigint AS number
              FROM generate_series(0, $1::bigint * {EVENTS_EACH} - 1) AS n) AS numbered
    ) AS e
"""  # noqa: S608
_PLAIN = """
    WITH spent AS MATERIALIZED (
        SELECT customer, sum((body -> 'properties' -> 'total')::numeric) AS total FROM event
        WHERE name = 'order_placed' AND at > now() - interval '180 days' GROUP BY customer
    ), seen AS MATERIALIZED (
        SELECT DISTINCT customer FROM event WHERE name = 'page_viewed' AND at > now() - interval '30 days'
    )
    SELECT count(*) FROM customer c JOIN spent ON spent.customer = c.id JOIN seen ON seen.customer = c.id
    WHERE attributes ->> 'country' = 'LV' AND total > 300
"""


async def fill(runtime: Runtime, customers: int) -> None:
    async with runtime.database.connection() as connection:
        await connection.execute("SET synchronous_commit = off")
        await connection.execute(_CUSTOMERS, customers, list(ZONES), timeout=600)
        await connection.execute(_EVENTS, customers, timeout=1800)
        await connection.execute("UPDATE partition_cursor SET xid = '1'")  # what is stored is decided
        await connection.execute("VACUUM ANALYZE event", timeout=600)
        await connection.execute("VACUUM ANALYZE customer", timeout=600)
        await connection.execute("SET synchronous_commit = on")


async def look_at_all(runtime: Runtime, rules: str, catalog: Catalog = CATALOG) -> float:
    """Seconds from the publication until every customer was looked at."""
    await publish(runtime.database, compiled(rules, catalog), templates={}, settings={})
    lanes = AdvanceLanes(runtime, Standby())
    began = time.perf_counter()
    await lanes.advance(range(PARTITIONS))
    while await _value(runtime, "SELECT count(*) FROM partition_cursor WHERE filled_to IS NOT NULL OR standing = ''"):
        await asyncio.sleep(0.05)  # more often, and the asking is seen in the figure
    seconds = time.perf_counter() - began
    await lanes.close()
    return seconds


async def _plain(runtime: Runtime) -> float:
    began = time.perf_counter()
    async with runtime.database.connection() as connection:
        await connection.fetchval(_PLAIN, timeout=600)
    return time.perf_counter() - began


async def _value(runtime: Runtime, query: str) -> int:
    async with runtime.database.connection() as connection:
        return int(await connection.fetchval(query))
