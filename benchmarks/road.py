"""The whole road: from POST to decided and committed, beside what COPY alone does with the same events."""

from __future__ import annotations

import asyncio
import io
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles

import asyncpg

from benchmarks import load, shop
from benchmarks.report import Figure
from benchmarks.stand import Stand
from engine.core.identity import customer_id, event_id, partition_of

CUSTOMERS = 200_000
BATCH = 100
CONNECTIONS = 4
PARTITIONS = 64
WORKERS = 2  # one for each core, as docs/deploying.md has it

#: One probe of an index for each partition. As a join it reads all events there are with three processes, and takes
#: more of the machine than what is measured.
UNDECIDED = """
    SELECT sum(behind.events)::bigint FROM partition_cursor c CROSS JOIN LATERAL (
        SELECT count(*) AS events FROM event e WHERE e.partition = c.partition AND (e.xid, e.seq) > (c.xid, c.seq)
    ) behind
"""

#: Partitions with something left: one probe each, for what looks often must not cost what is measured.
BEHIND = """
    SELECT count(*) FROM partition_cursor c CROSS JOIN LATERAL (
        SELECT FROM event e WHERE e.partition = c.partition AND (e.xid, e.seq) > (c.xid, c.seq)
        ORDER BY e.xid, e.seq LIMIT 1
    ) behind
"""

#: The speed of a shared machine drifts within seconds, so COPY is measured before and after each stretch of the road.
ROUNDS = 5


@dataclass(slots=True)
class _Rounds:
    copies: list[float] = field(default_factory=list)  # one more than there are roads
    roads: list[float] = field(default_factory=list)
    latencies_s: list[float] = field(default_factory=list)  # of all answers

    def share(self) -> float:
        pairs = zip(self.roads, self.copies, self.copies[1:], strict=False)
        return median(2 * road / (before + after) for road, before, after in pairs)


#: What becomes of messages is measured elsewhere (bursts, mail): here they wait, as they do while a provider is down.
_NOTHING_IS_SENT = """
    INSERT INTO circuit (channel, reason, pause, probe_at)
    VALUES ('email', 'deciding alone is measured', '1 day', now() + interval '1 day')
"""


def measure(*, events: int = 400_000, rules: int = 100, seed: int = 1) -> list[Figure]:
    with Stand(shop.rules(rules), shop.SCHEMA, shop.TEMPLATES, workers=WORKERS) as stand:
        asyncio.run(_execute(stand.database_url, _NOTHING_IS_SENT))
        stand.start()
        warm = shop.batches(shop.events(20_000, customers=CUSTOMERS, rules=rules, seed=seed + 1), BATCH)
        asyncio.run(_drive(stand, warm))
        rounds = _measured(stand, events=events, rules=rules, seed=seed)
        started = asyncio.run(_count(stand.database_url, "SELECT count(*) FROM run"))
        messages = asyncio.run(_count(stand.database_url, "SELECT count(*) FROM message"))
    how = f"{events:,} events, batches of {BATCH}, {CONNECTIONS} connections, {rules} rules, {CUSTOMERS:,} customers, "
    how += f"{WORKERS} workers"
    p50, p99 = (quantiles(rounds.latencies_s, n=100)[place] * 1000 for place in (49, 98))
    made = f"{started:,} runs and {messages:,} messages in all; answers p50 {p50:.0f} ms, p99 {p99:.0f} ms; "
    made += f"median of {ROUNDS} stretches, each beside COPY before and after it"
    copied, rate = median(rounds.copies), median(rounds.roads)
    return [
        Figure(
            what="COPY of the same events into the same table", value=copied, unit="events/s", detail="one connection"
        ),
        Figure(what="POST to decided and committed", value=rate, unit="events/s", detail=how),
        Figure(what="POST to decided as a share of COPY", value=rounds.share(), unit="x", goal=0.25, detail=made),
    ]


def _measured(stand: Stand, *, events: int, rules: int, seed: int) -> _Rounds:
    rounds, each = _Rounds(), events // ROUNDS

    def copy(number: int) -> float:
        return asyncio.run(_copy_rate(stand.database_url, events=each, rules=rules, seed=seed + 100 + number))

    for number in range(ROUNDS):
        requests = shop.batches(shop.events(each, customers=CUSTOMERS, rules=rules, seed=seed + 10 + number), BATCH)
        rounds.copies.append(copy(number))
        answers, seconds = asyncio.run(_drive(stand, requests))
        rounds.roads.append(each / seconds)
        rounds.latencies_s += answers.latencies_s
    rounds.copies.append(copy(ROUNDS))
    return rounds


async def _drive(stand: Stand, requests: Sequence[bytes]) -> tuple[load.Answers, float]:
    """Post everything and wait until nothing is undecided; polling starts only when posting has ended."""
    connection = await asyncpg.connect(stand.database_url)
    began = time.perf_counter()
    answers = await asyncio.to_thread(load.post, stand.port, requests, connections=CONNECTIONS)
    await until_left(connection, BEHIND)
    seconds = time.perf_counter() - began
    await connection.close()
    return answers, seconds


async def until_left(
    connection: asyncpg.Connection, query: str, *given: object, at_most: int = 0, every_s: float = 0.02
) -> int:
    """How many are left, by the query, as soon as these are so few."""
    deadline = time.monotonic() + 300
    while (left := int(await connection.fetchval(query, *given) or 0)) > at_most:
        if time.monotonic() > deadline:
            raise RuntimeError("the workers do not catch up")
        await asyncio.sleep(every_s)
    return left


async def _copy_rate(url: str, *, events: int, rules: int, seed: int) -> float:
    """Rows/s of a text COPY, prepared beforehand, into `event` with all its indexes; as history, so nobody decides
    them."""
    rows = io.BytesIO(
        "".join(_row(event) for event in shop.events(events, customers=CUSTOMERS, rules=rules, seed=seed)).encode()
    )
    columns = ["partition", "xid", "id", "customer", "kind", "name", "at", "source", "body"]
    connection = await asyncpg.connect(url)
    began = time.perf_counter()
    await connection.copy_to_table("event", source=rows, columns=columns)
    seconds = time.perf_counter() - began
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
    return f"{partition}\t0\t{identity}\t{customer}\t0\t{name}\t{event['timestamp']}\tbench\t{escaped}\n"


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


async def _count(url: str, query: str) -> int:
    connection = await asyncpg.connect(url)
    counted = await connection.fetchval(query)
    await connection.close()
    return int(counted)
