"""What conditions on history and live segments cost beside the same rules without them, over many stored events."""

from __future__ import annotations

import time

import uvloop
from pydantic import SecretStr

from benchmarks.report import Figure
from benchmarks.stand import scratch_services
from dsl.catalog import BUILT_IN_ATTRIBUTES, Catalog, EventType, TemplateInfo
from dsl.kinds import Kind
from engine.config import Settings
from engine.flow.advancing.advance_partition import advance_partitions
from engine.flow.publishing.publish_rules import publish
from engine.runtime import Runtime, open_runtime
from engine.storage.migrate import migrate
from engine.testing.virtual.compiled import compiled
from engine.waker import NullWaker
from engine.worker.process import tune_garbage_collection

PARTITIONS = 64
CATEGORIES = 20
TEXT, MONEY = Kind(name="text"), Kind(name="money")
CATALOG = Catalog(
    events={
        "product_viewed": EventType(name="product_viewed", properties={"category": TEXT, "price": MONEY}),
        "order_placed": EventType(name="order_placed", properties={"total": MONEY, "kind": TEXT}),
    },
    attributes={**BUILT_IN_ATTRIBUTES, "country": TEXT},
    templates={("email", "note"): TemplateInfo(channel="email", name="note", path="templates/email/note.html")},
    timezone="UTC",
    currency="EUR",
)
PLAIN = "event.price > 1 EUR"
HISTORY = (
    "count of order_placed where (total > 5 EUR) in last 90 days >= 1"
    " and sum of order_placed.total in last 90 days > 10 EUR"
    ' and last order_placed.kind is not "refund" and event.price > 1 EUR'
)
#: Twenty, ten of which every view concerns.
SEGMENTS = "".join(
    f"""
segment buyer_{number} means sum of order_placed.total in last {30 * number} days > {50 * number} EUR
segment viewer_{number} means count of product_viewed in last {7 * number} days >= {number}
segment looker_{number} means product_viewed in last 3 days and not order_placed in last {20 + number} days
segment place_{number} means customer.country is "C{number}"
"""
    for number in range(1, 6)
)


def measure(*, stored: int = 1_000_000, customers: int = 100_000, events: int = 10_000) -> list[Figure]:
    tune_garbage_collection()  # as a worker does, and its event loop
    with scratch_services() as services:
        url = services.endpoints.database_url
        return uvloop.run(_measure(url, stored=stored, customers=customers, events=events))


async def _measure(url: str, *, stored: int, customers: int, events: int) -> list[Figure]:
    await migrate(url)
    settings = Settings(database_url=SecretStr(url), partitions=PARTITIONS, waker="null")
    async with open_runtime(settings, waker=NullWaker()) as runtime:
        await _fill(runtime, stored, customers)
        texts = (_rules(PLAIN), _rules(HISTORY), _rules(HISTORY) + SEGMENTS)
        taken: dict[str, list[float]] = {text: [] for text in texts}
        live = ""
        # Those with segments at the end: every customer is looked at before, which takes long and is not what is asked.
        for turn, text in [
            *((turn, text) for turn in range(3) for text in texts[:2]),
            *((n, texts[2]) for n in range(3)),
        ]:
            if text != live:
                await publish(runtime.database, compiled(text, CATALOG), templates={}, settings={})
                await _settle(runtime)
                live = text
            await _post(runtime, events, customers, turn)
            taken[text].append(await _decide(runtime, events))
        runs = await _value(runtime, "SELECT count(*) FROM run")
    plain, history, segments = (min(taken[text]) * 1e6 for text in texts)
    assert runs == 9 * events, runs  # every event passed the guards of all
    how = f"{events:,} events that each start a run and send; {stored:,} stored, {customers:,} customers; best of 3"
    guards = "a filtered count, a sum and a last value, 90 days, against a comparison"
    return [
        Figure(what="deciding an event, rules without history", value=plain, unit="µs", detail=how),
        Figure(what="the same with conditions on history", value=history, unit="µs", detail=guards),
        Figure(what="history beside none", value=history / plain, unit="x", goal=3, at_least=False, detail=how),
        Figure(
            what="the same with 20 live segments", value=segments, unit="µs", detail="ten of them concern every event"
        ),
        Figure(
            what="history and 20 live segments beside none",
            value=segments / plain,
            unit="x",
            goal=2.5,
            at_least=False,
            detail="every customer was looked at before; five segments sum, five count, five are of a silence",
        ),
    ]


def _rules(guard: str) -> str:
    rule = (
        'rule "viewed {number}" when product_viewed where event.category is "c{number}"'
        ' only if {guard} if repeated parallel send email "note"\n'
    )
    return "".join(rule.format(number=number, guard=guard) for number in range(CATEGORIES))


#: A customer's id decides the partition: its first 32 bits, as `engine.core.identity` has it.
_CUSTOMERS = f"""
    CREATE TABLE who AS
    SELECT n, id, (('x' || left(id::text, 8))::bit(32)::bigint % {PARTITIONS})::smallint AS partition
    FROM (SELECT n, md5(n::text)::uuid AS id FROM generate_series(0, $1::integer - 1) AS n) AS numbered
"""  # noqa: S608
_STORED = """
    INSERT INTO event (partition, xid, seq, id, customer, kind, name, at, received_at, source, body)
    SELECT partition, '0', e.n, md5('stored' || e.n)::uuid, id, 0, name, at, at, 'bench',
           jsonb_build_object('key', 'u:' || w.n, 'messageId', 'm' || e.n, 'properties', jsonb_build_object(
               'total', 10 + e.n % 500, 'kind', 'k' || e.n % 7, 'currency', 'EUR', 'order_id', 'o' || e.n,
               'items', jsonb_build_array('sku-1', 'sku-2', 'sku-3')))
    FROM (
        SELECT n, n % $2::integer AS who, CASE WHEN n / $2 % 2 = 0 THEN 'order_placed' ELSE 'page_viewed' END AS name,
               now() - interval '10 days' - n % 6000000 * interval '1 second' AS at
        FROM generate_series(0, $1::integer - 1) AS n
    ) AS e (n, who, name, at) JOIN who w ON w.n = e.who
"""
_NEW = f"""
    INSERT INTO event (partition, seq, id, customer, kind, name, at, source, body)
    SELECT partition, e, md5('new' || random())::uuid, id, 0, 'product_viewed', now(), 'bench',
           jsonb_build_object('key', 'u:' || n, 'messageId', 'm', 'properties', jsonb_build_object(
               'category', 'c' || e % {CATEGORIES}, 'price', 5, 'currency', 'EUR'))
    FROM generate_series(1, $1::integer) AS e JOIN who ON who.n = (e * 7 + $2::integer) % $3::integer
"""  # noqa: S608


async def _fill(runtime: Runtime, stored: int, customers: int) -> None:
    async with runtime.database.connection() as connection:
        await connection.execute("SET synchronous_commit = off")
        await connection.execute(_CUSTOMERS, customers)
        await connection.execute("INSERT INTO customer (partition, id, key) SELECT partition, id, 'u:' || n FROM who")
        await connection.execute(_STORED, stored, customers)
        await connection.execute("UPDATE partition_cursor SET xid = '1'")  # what is stored is decided
        await connection.execute("VACUUM ANALYZE event")
        await connection.execute("ANALYZE customer")
        await connection.execute("SET synchronous_commit = on")


async def _post(runtime: Runtime, events: int, customers: int, turn: int) -> None:
    async with runtime.database.connection() as connection:
        await connection.execute(_NEW, events, turn * 1000, customers)


async def _settle(runtime: Runtime) -> None:
    """Until every customer was looked at for what has just been published."""
    while (await advance_partitions(runtime, range(PARTITIONS))).customers:
        pass


async def _decide(runtime: Runtime, events: int) -> float:
    """Seconds an event."""
    began = time.perf_counter()
    decided = 0
    while decided < events:
        decided += (await advance_partitions(runtime, range(PARTITIONS))).events
    return (time.perf_counter() - began) / events


async def _value(runtime: Runtime, query: str) -> int:
    async with runtime.database.connection() as connection:
        return int(await connection.fetchval(query))
