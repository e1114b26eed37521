"""One mail to everybody in a segment at the same moment: how fast it is planned, what it costs in memory, and how soon
the first mail goes out."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass, replace

import psutil
from prometheus_client import REGISTRY
from pydantic import SecretStr

from benchmarks.report import Figure
from benchmarks.segments import PARTITIONS, POSTGRES, TUNED, look_at_all
from benchmarks.stand import scratch_services
from benchmarks.workers import cpu_of_family
from dsl.catalog import BUILT_IN_ATTRIBUTES, Catalog, EventType, TemplateInfo
from dsl.kinds import Kind
from engine.config import Settings
from engine.embedded import EmbeddedServices
from engine.runtime import Runtime, open_runtime
from engine.storage.migrate import migrate
from engine.waker import NullWaker
from engine.worker.lanes import AdvanceLanes
from engine.worker.process import tune_garbage_collection
from engine.worker.standby import Standby

IS_FULL = "KOGDA_BENCH_FULL" in os.environ
CUSTOMERS = 1_000_000 if IS_FULL else 20_000
GOAL_S = 60  # for a million customers

CATALOG = Catalog(
    events={"order_placed": EventType(name="order_placed", properties={})},
    attributes={**BUILT_IN_ATTRIBUTES, "country": Kind(name="text")},
    templates={("email", "digest"): TemplateInfo(channel="email", name="digest", path="templates/email/digest.html")},
    timezone="UTC",
    currency="EUR",
)
RULES = """
segment local means customer.country is "LV"

rule "digest"
every monday at 9:00 for customer in local
send email "digest"
"""


@dataclass(frozen=True, slots=True)
class Planned:
    seconds: float
    memory_mib: float  # by how much the worker grew from its first tenth to its highest
    first_s: float  # until the first messages could be claimed
    slow: int = 0  # batches of more than a second: so long waits what else is to be decided in their partitions
    cpu: tuple[float, float] = (0, 0)  # seconds of the worker, and of PostgreSQL


def measure(*, customers: int = CUSTOMERS) -> list[Figure]:
    tune_garbage_collection()  # as a worker does
    with scratch_services(POSTGRES) as services:
        planned = asyncio.run(_measure(services, customers))
    return _figures(planned, customers)


def _figures(planned: Planned, customers: int) -> list[Figure]:
    worker, postgres = (seconds / customers * 1e6 for seconds in planned.cpu)
    how = f"{customers:,} customers of a segment, all due at once; one worker, two lanes; "
    how += f"CPU for each: worker {worker:.0f} µs, PostgreSQL {postgres:.0f} µs"
    how += TUNED
    if not IS_FULL:
        how += f"; the goal is {GOAL_S} s for a million (KOGDA_BENCH_FULL=1)"
    within = GOAL_S * customers / 1_000_000
    early = "from a tenth of the customers planned to the end"
    return [
        _at_most(within, "every run and message planned", value=planned.seconds, unit="s", how=how),
        Figure(what="the same, a second", value=customers / planned.seconds, unit="customers/s", detail=how),
        _at_most(5, "until the first messages are due for delivery", value=planned.first_s, unit="s", how=how),
        _at_most(
            0, "batches of more than a second, for which other events wait", value=planned.slow, unit="batches", how=how
        ),
        _at_most(32, "growth of the worker's memory", value=planned.memory_mib, unit="MiB", how=early),
    ]


def _at_most(goal: float, what: str, *, value: float, unit: str, how: str) -> Figure:
    return Figure(what=f"a mass send: {what}", value=value, unit=unit, goal=goal, at_least=False, detail=how)


async def _measure(services: EmbeddedServices, customers: int) -> Planned:
    url = services.endpoints.database_url
    await migrate(url)
    settings = Settings(database_url=SecretStr(url), partitions=PARTITIONS, waker="null")
    async with open_runtime(settings, waker=NullWaker()) as runtime:
        await _fill(runtime, customers)
        await look_at_all(runtime, RULES, CATALOG)
        await _execute(runtime, "UPDATE appointment SET at = now()")
        await _execute(runtime, "VACUUM ANALYZE appointment")
        before, slow = _cpu(services), _slow_batches()
        planned = await _send(runtime, customers)
        worker, postgres = (now - then for now, then in zip(_cpu(services), before, strict=True))
        if await _value(runtime, "SELECT count(DISTINCT customer) FROM message") != customers:
            raise RuntimeError("not everybody has one message")
        return replace(planned, cpu=(worker, postgres), slow=_slow_batches() - slow)


def _slow_batches() -> int:
    told = REGISTRY.get_sample_value
    return int((told("kogda_batch_seconds_count") or 0) - (told("kogda_batch_seconds_bucket", {"le": "1.0"}) or 0))


def _cpu(services: EmbeddedServices) -> tuple[float, float]:
    return time.process_time(), cpu_of_family(services.postgres.pid)


async def _send(runtime: Runtime, customers: int) -> Planned:
    """The worker itself says how far it is: to count a million messages four times a second would be most of it."""
    lanes, process = AdvanceLanes(runtime, Standby()), psutil.Process()
    began, first, sizes = time.perf_counter(), 0.0, list[tuple[int, int]]()
    turn = asyncio.create_task(lanes.advance(range(PARTITIONS)))
    while (planned := runtime.counts.decided["messages"]) < customers:
        if planned and not first:
            first = time.perf_counter() - began
        sizes.append((planned, process.memory_info().rss))
        await asyncio.sleep(0.05)
    seconds = time.perf_counter() - began
    await turn
    await lanes.close()
    early = next((size for planned, size in sizes if planned >= customers / 10), process.memory_info().rss)
    grown = max((size for _, size in sizes), default=early) - early
    return Planned(seconds, grown / 2**20, first or seconds)


_CUSTOMERS = f"""
    INSERT INTO customer (partition, id, key, email, timezone, attributes)
    SELECT (('x' || left(id::text, 8))::bit(32)::bigint % {PARTITIONS})::smallint, id, 'u:' || n,
           'u' || n || '@example.com', CASE WHEN n % 2 = 0 THEN 'Europe/Riga' END, '{{"country": "LV"}}'
    FROM (SELECT n, md5(n::text)::uuid AS id FROM generate_series(0, $1::integer - 1) AS n) AS numbered
"""  # noqa: S608


async def _fill(runtime: Runtime, customers: int) -> None:
    async with runtime.database.connection() as connection:
        await connection.execute(_CUSTOMERS, customers, timeout=600)
        await connection.execute("VACUUM ANALYZE customer", timeout=600)


async def _execute(runtime: Runtime, statement: str) -> None:
    async with runtime.database.connection() as connection:
        await connection.execute(statement, timeout=600)


async def _value(runtime: Runtime, query: str) -> int:
    async with runtime.database.connection() as connection:
        return int(await connection.fetchval(query))
