"""A report over millions of messages: from figures that are kept up, beside counting, and what keeping them up costs.

1,000,000 messages; 10,000,000 with KOGDA_BENCH_FULL=1, which takes some twenty minutes to fill.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import asyncpg

from benchmarks.report import Figure
from benchmarks.stand import scratch_services
from engine.clock import utc_now
from engine.flow.telling.report_messages import Line, lines_of, report_messages
from engine.flow.upkeep.complete_quarters import complete_quarters
from engine.storage.database import Connection, Database
from engine.storage.installation import found_installation
from engine.storage.migrate import migrate
from engine.storage.reports.counting import counted_figures, held_out_counts

DAYS, RULES = 30, 50
GOAL_MS = 300
_CHUNK = 250_000
_SETTLED = 16  # messages of one statement, as delivery settles them
_FAST_FILL = {"fsync": "off", "synchronous_commit": "off", "max_wal_size": "4GB", "shared_buffers": "512MB"}

_MESSAGES = f"""
    INSERT INTO message (partition, id, customer, run, rule, rule_set, step, channel, template, context, transactional,
                         state, due_at, created_at, settled_at)
    SELECT n % 64, md5(n::text)::uuid, md5('c' || n % 200000)::uuid, md5('r' || n)::uuid, 'Rule ' || n % {RULES}, 1, 0,
           CASE n % 7 WHEN 0 THEN 'sms' ELSE 'email' END, 'template ' || n % {RULES}, '{{"event": {{"total": 45}}}}',
           false, CASE n % 20 WHEN 0 THEN 'suppressed' ELSE 'sent' END, at, at, at
    FROM generate_series($1::int, $2::int - 1) n, LATERAL (
        SELECT now() - interval '{DAYS} days' * (n::float / $3::int) AS at) t
"""  # noqa: S608 -- numbers
_REACTIONS = """
    INSERT INTO reaction (partition, message, kind, customer, at, last_at)
    SELECT n % 64, md5(n::text)::uuid, kind, md5('c' || n % 200000)::uuid, now(), now()
    FROM generate_series($1::int, $2::int - 1) n, 
        (VALUES ('delivered', 2), ('opened', 3), ('clicked', 9)) k (kind, every)
    WHERE n % every = 0
"""
_CONVERSIONS = """
    INSERT INTO conversion (partition, event, message, customer, touch, at, revenue, currency)
    SELECT n % 64, md5('e' || n)::uuid, md5(n::text)::uuid, md5('c' || n % 200000)::uuid, 'sent', now(), n % 100, 'EUR'
    FROM generate_series($1::int, $2::int - 1) n WHERE n % 20 = 1
"""
# One rule in fifty keeps customers out by lot, and has a goal.
_RUNS = f"""
    INSERT INTO run (partition, id, customer, rule, rule_set, state, began_at, ended_at, end_reason, body)
    SELECT n % 64, md5('r' || n)::uuid, md5('c' || n % 200000)::uuid, 'Rule ' || n % {RULES}, 1, 'ended', at, at,
           CASE n / {RULES} % 10 WHEN 0 THEN 'holdout' ELSE 'finished' END,
           CASE n % {RULES} WHEN 0 THEN '{{"split": {{"test": "x"}}, "goal_until": "2030-01-01"}}'
               ELSE '{{}}' END::jsonb
    FROM generate_series($1::int, $2::int - 1) n, LATERAL (
        SELECT now() - interval '{DAYS} days' * (n::float / $3::int) AS at) t
"""  # noqa: S608 -- numbers
# Which an update finds, since triggers kept them up before there were quarters.
_LONGER_GRAINS = """
    INSERT INTO figure (grain, start, rule, template, channel, figure, currency, count, amount)
    SELECT g.grain, date_bin(g.length, start, '2000-01-01Z'), rule, template, channel, figure, currency, sum(count),
           sum(amount)
    FROM figure CROSS JOIN (VALUES ('hour', interval '1 hour'), ('day', '1 day')) AS g (grain, length)
    GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
_SETTLE = """
    UPDATE message SET state = $2, deadline = now(), settled_at = now()
    WHERE (partition, id) IN (SELECT n % 64, md5(n::text)::uuid FROM generate_series(1, $1::int) n)
"""


def measure() -> list[Figure]:
    messages = 10_000_000 if os.environ.get("KOGDA_BENCH_FULL") else 1_000_000
    with scratch_services(_FAST_FILL) as services:
        return asyncio.run(_measure(services.endpoints.database_url, messages))


async def _measure(url: str, messages: int) -> list[Figure]:
    await migrate(url)
    database = Database(url)
    await database.open()
    try:
        filled_s = await _fill(database, messages)
        until = utc_now()
        since = until - timedelta(days=DAYS) + timedelta(minutes=7)
        async with database.connection() as connection:
            report_ms = await _best(lambda: report_messages(connection, since, until), 7)
            counted, counted_ms = await _counted(url, since, until)
            assert (await report_messages(connection, since, until)).lines == counted
            people_ms = await _best(lambda: held_out_counts(connection, since, until), 7)
            kept_us, settled_us = await _settling(connection)
    finally:
        await database.close()
    how = (
        f"{messages:,} messages of {DAYS} days and {RULES} rules, {messages * 17 // 18:,} reactions, "
        f"{messages // 20:,} conversions, {messages // RULES:,} runs of a rule with a holdout; best of 7"
    )
    size = "" if messages == 10_000_000 else "; 10,000,000 with KOGDA_BENCH_FULL=1"
    return [
        Figure(what=f"report over {messages:,} messages", value=report_ms, unit="ms", goal=GOAL_MS, at_least=False,
               detail=how + size),
        Figure(what="the same counted from the messages", value=counted_ms, unit="ms", detail="the same figures, once"),
        Figure(what="of the report: people of rules with a holdout", value=people_ms, unit="ms",
               detail=f"counted from {messages // RULES:,} runs: people are not additive; the rest needs no counting"),
        Figure(what="keeping figures up, of two changes of state", value=kept_us, unit="µs a message",
               detail=f"{_SETTLED} messages a statement, which take {settled_us:.3g} µs each in all"),
        Figure(what="quarters of what an update finds, completed by workers", value=filled_s, unit="s",
               detail=how + "; without the rests between, and nobody waits for it"),
    ]  # fmt: skip


async def _counted(url: str, since: datetime, until: datetime) -> tuple[tuple[Line, ...], float]:
    """From every message, and the milliseconds. On a connection without deadlines: nobody would wait for it."""
    async with asyncpg.create_pool(url, min_size=1, max_size=1) as pool, pool.acquire() as connection:
        began = time.perf_counter()
        counted = lines_of(await counted_figures(connection, since, until))
        return counted, (time.perf_counter() - began) * 1000


async def _fill(database: Database, messages: int) -> float:
    """Rows as they would stand, without triggers; then what workers do about rows that an update finds. Its time."""
    await found_installation(database, partitions=64)
    await asyncio.gather(*(_insert(database, messages, first) for first in (0, _CHUNK)))
    async with database.connection() as connection:
        await connection.execute("VACUUM ANALYZE", timeout=900)
        await connection.execute(
            "UPDATE installation SET quarters_since = date_trunc('hour', now()) + interval '1 hour'"
        )
    began = time.perf_counter()
    while await complete_quarters(database):
        pass
    took = time.perf_counter() - began
    async with database.connection() as connection:
        await connection.execute(_LONGER_GRAINS)
        await connection.execute("VACUUM ANALYZE figure, figure_change", timeout=300)
    return took


async def _insert(database: Database, messages: int, first: int) -> None:
    """Every second chunk: one of two that work side by side."""
    async with database.connection() as connection:
        await connection.execute("SET session_replication_role = replica")
        for start in range(first, messages, 2 * _CHUNK):
            for statement in (_MESSAGES, _REACTIONS, _CONVERSIONS, _RUNS):
                given = (start, min(start + _CHUNK, messages), messages)
                await connection.execute(statement, *given[: 3 if "$3" in statement else 2], timeout=600)
        await connection.execute("SET session_replication_role = origin")


async def _best(work: Callable[[], Awaitable[object]], times: int) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        await work()
        taken.append((time.perf_counter() - began) * 1000)
    return min(taken)


async def _settling(connection: Connection) -> tuple[float, float]:
    """Microseconds a message of two changes of state, of the triggers alone and in all, by PostgreSQL's own clock."""
    taken = [await _settle(connection) for _ in range(40)]
    return min(each[0] for each in taken), min(each[1] for each in taken)


async def _settle(connection: Connection) -> tuple[float, float]:
    changes = connection.transaction()
    await changes.start()
    triggers = total = 0.0
    for state in ("sending", "sent"):
        [row] = await connection.fetch(f"EXPLAIN (ANALYZE, FORMAT JSON) {_SETTLE}", _SETTLED, state)
        [told] = json.loads(row[0])
        triggers += sum(each["Time"] for each in told["Triggers"])
        total += told["Execution Time"]
    await changes.rollback()
    return triggers / _SETTLED * 1e3, total / _SETTLED * 1e3
