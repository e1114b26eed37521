"""The whole road: from POST to decided and committed, beside what COPY alone does with the same events."""

from __future__ import annotations

import asyncio
import io
import json
import time
from collections.abc import Sequence

import asyncpg

from benchmarks import load, shop
from benchmarks.report import Figure
from benchmarks.stand import Stand
from engine.core.identity import customer_id, event_id, partition_of

CUSTOMERS = 200_000
BATCH = 100
CONNECTIONS = 4
PARTITIONS = 64

UNDECIDED = """
    SELECT count(*) FROM partition_cursor c JOIN event e
        ON e.partition = c.partition AND (e.xid, e.seq) > (c.xid, c.seq) AND e.kind < 3
"""


def measure(*, events: int = 200_000, rules: int = 100, seed: int = 1) -> list[Figure]:
    with Stand(shop.rules(rules), shop.SCHEMA, shop.TEMPLATES) as stand:
        copied = max(
            asyncio.run(_copy_rate(stand.database_url, events=events // 2, rules=rules, seed=seed + k))
            for k in (100, 200)
        )
        stand.start()
        warm = shop.batches(shop.events(20_000, customers=CUSTOMERS, rules=rules, seed=seed + 1), BATCH)
        asyncio.run(_drive(stand, warm))
        requests = shop.batches(shop.events(events, customers=CUSTOMERS, rules=rules, seed=seed), BATCH)
        answers, seconds = asyncio.run(_drive(stand, requests))
        started = asyncio.run(_count(stand.database_url, "SELECT count(*) FROM run"))
        messages = asyncio.run(_count(stand.database_url, "SELECT count(*) FROM message"))
    rate = events / seconds
    how = f"{events:,} events, batches of {BATCH}, {CONNECTIONS} connections, {rules} rules, {CUSTOMERS:,} customers"
    made = f"{started:,} runs and {messages:,} messages in all; answers p50 {answers.percentile(0.5) * 1000:.0f} ms, "
    made += f"p99 {answers.percentile(0.99) * 1000:.0f} ms"
    return [
        Figure(
            what="COPY of the same events into the same table", value=copied, unit="events/s", detail="one connection"
        ),
        Figure(what="POST to decided and committed", value=rate, unit="events/s", detail=how),
        Figure(what="the same as a share of COPY", value=rate / copied, unit="x", goal=0.15, detail=made),
    ]


async def _drive(stand: Stand, requests: Sequence[bytes]) -> tuple[load.Answers, float]:
    """Post everything and wait until nothing is undecided; polling starts only when posting has ended."""
    connection = await asyncpg.connect(stand.database_url)
    began = time.perf_counter()
    answers = await asyncio.to_thread(load.post, stand.port, requests, connections=CONNECTIONS)
    while await connection.fetchval(UNDECIDED):
        if time.perf_counter() - began > 300:
            raise RuntimeError("the workers do not catch up")
        await asyncio.sleep(0.05)
    seconds = time.perf_counter() - began
    await connection.close()
    return answers, seconds


async def _copy_rate(url: str, *, events: int, rules: int, seed: int) -> float:
    """Rows/s of a text COPY, prepared beforehand, into `event` with all its indexes."""
    rows = io.BytesIO(
        "".join(_row(event) for event in shop.events(events, customers=CUSTOMERS, rules=rules, seed=seed)).encode()
    )
    columns = ["partition", "id", "customer", "kind", "name", "at", "source", "body"]
    connection = await asyncpg.connect(url)
    began = time.perf_counter()
    await connection.copy_to_table("event", source=rows, columns=columns)
    seconds = time.perf_counter() - began
    await connection.execute("TRUNCATE event")
    await connection.close()
    return events / seconds


def _row(event: dict[str, object]) -> str:
    key = f"u:{event['userId']}"
    customer = customer_id(key)
    name = str(event["event"]).lower().replace(" ", "_")
    body = json.dumps({"key": key, "properties": event["properties"], "messageId": event["messageId"]})
    identity = event_id("bench", str(event["messageId"]))
    escaped = body.replace("\\", "\\\\")
    partition = partition_of(customer, PARTITIONS)
    return f"{partition}\t{identity}\t{customer}\t0\t{name}\t{event['timestamp']}\tbench\t{escaped}\n"


async def _count(url: str, query: str) -> int:
    connection = await asyncpg.connect(url)
    counted = await connection.fetchval(query)
    await connection.close()
    return int(counted)
