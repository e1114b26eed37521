"""Many waiting runs, a tenth of them due within a minute: all carried out soon, none early, each once, beside the API.

By default a hundred thousand runs, a third of them due, at the same pace; with KOGDA_BENCH_FULL=1 a million.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import asyncpg

from benchmarks import crowd, shop
from benchmarks.report import Figure
from benchmarks.stand import Stand
from benchmarks.workers import cpu_of, cpu_of_family

RULES = 'rule "due"\n  when product_viewed after 1h\n  add 1 points\n'
WAITING, DUE_SHARE = (1_000_000, 10) if os.environ.get("KOGDA_BENCH_FULL") else (100_000, 3)  # one in so many is due
DUE_A_SECOND = 100_000 / 60
POSTS_A_SECOND = 50
QUIET_S = 30  # so that the slowest of a hundred answers is one of fifteen that are as slow
PARTITIONS = 64
SET_OFF_WITHIN_S = 15 + WAITING / 20_000

#: Copies of one customer whose run was begun by an ordinary event: each a row of its own, in every partition.
_CUSTOMERS = """
    INSERT INTO customer (partition, id, key, attributes)
    SELECT n % $1, md5('c' || n)::uuid, 'u:timer-' || n, '{}' FROM generate_series(1, $2) n
"""
_RUNS = """
    INSERT INTO run (partition, id, customer, rule, rule_set, state, wake_at, began_at, open_until, body)
    SELECT n % $1, md5('r' || n)::uuid, md5('c' || n)::uuid, rule, rule_set, state, now() + interval '1 day',
           began_at, open_until, body
    FROM (SELECT * FROM run LIMIT 1) first, generate_series(1, $2) n
"""
#: When each is due is kept aside: a run that was carried out does not say it any more.
_DUE = """
    CREATE TABLE bench_due AS
    SELECT (n % $1)::smallint AS partition, md5('r' || n)::uuid AS id, md5('c' || n)::uuid AS customer,
           now() + make_interval(secs => $5 + n / $2 / $3) AS at
    FROM generate_series($2, $4, $2) n
"""
_SET_OFF = "UPDATE run SET wake_at = d.at FROM bench_due d WHERE run.partition = d.partition AND run.id = d.id"
_TOLD = """
    SELECT count(*) FILTER (WHERE r.ended_at < d.at) AS early,
           count(*) FILTER (WHERE c.points <> 1) AS not_once,
           extract(epoch FROM max(r.ended_at) - min(d.at))::float8 AS seconds,
           percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM r.ended_at - d.at))::float8 AS late
    FROM bench_due d JOIN run r USING (partition, id)
    JOIN customer c ON c.partition = d.partition AND c.id = d.customer
"""
_OTHERS = "SELECT count(*) FROM customer WHERE points > 0 AND id NOT IN (SELECT customer FROM bench_due)"


@dataclass(frozen=True, slots=True)
class _Carried:
    seconds: float  # from the first that was due to the last that was carried out
    late_s: float  # 99th percentile
    wrong: int  # early, not once, or not due at all


def measure() -> list[Figure]:
    due = WAITING // DUE_SHARE
    with Stand(RULES, shop.SCHEMA, shop.TEMPLATES) as stand:
        stand.start()
        asyncio.run(_wait(stand))
        with _posting(stand.port, seconds=QUIET_S) as before:
            time.sleep(QUIET_S)
        asyncio.run(_set_off(stand.database_url))
        spent = _cpu(stand)
        with _posting(stand.port, seconds=due / DUE_A_SECOND) as during:
            asyncio.run(_wait_for_all(stand.database_url, due))
            worker, postgres = ((now - then) / due * 1e6 for now, then in zip(_cpu(stand), spent, strict=True))
        carried = asyncio.run(_told(stand.database_url))
    window = due / DUE_A_SECOND
    (_, quiet), (_, busy) = crowd.percentiles_ms(before), crowd.percentiles_ms(during)
    how = f"{WAITING:,} waiting runs, {due:,} due within {window:.0f} s, one worker; "
    how += f"CPU for each: worker {worker:.0f} µs, PostgreSQL {postgres:.0f} µs with the events beside them"
    return [
        Figure(
            what="timers: from the first that is due to the last that is carried out, beside the time they are due in",
            value=carried.seconds / window, unit="x", goal=1.5, at_least=False,
            detail=f"{carried.seconds:.0f} s; 99 of 100 within {carried.late_s:.1f} s of their time; {how}",
        ),
        Figure(
            what="timers: early, twice, left out, or not due", value=carried.wrong, unit="runs", goal=0, at_least=False
        ),
        Figure(
            what="answers to single events meanwhile, p99 beside before", value=busy / quiet, unit="x",
            goal=2, at_least=False, detail=f"{quiet:.0f} and {busy:.0f} ms, {POSTS_A_SECOND} a second",
        ),
    ]  # fmt: skip


async def _wait(stand: Stand) -> None:
    """One run by the ordinary road, the others as copies of it."""
    viewed = next(event for event in shop.events(20, customers=9, rules=10, seed=1) if "Viewed" in str(event["event"]))
    viewed |= {"event": "Product Viewed", "properties": {"product_id": "p1"}}
    await asyncio.to_thread(crowd.send_all, stand.port, shop.singles(iter([viewed])), connections=1)
    connection = await asyncpg.connect(stand.database_url)
    while not await connection.fetchval("SELECT count(*) FROM run"):
        await asyncio.sleep(0.05)
    await connection.execute("UPDATE run SET wake_at = now() + interval '2 days'")
    await connection.execute(_CUSTOMERS.replace("$1", str(PARTITIONS)).replace("$2", str(WAITING)))
    await connection.execute(_RUNS.replace("$1", str(PARTITIONS)).replace("$2", str(WAITING)))
    await connection.execute("VACUUM ANALYZE run, customer")
    await connection.execute("CHECKPOINT")  # else what was just filled is written out while "before" is measured
    await connection.close()


def _cpu(stand: Stand) -> tuple[float, float]:
    """Seconds of the worker, and of PostgreSQL."""
    return cpu_of(stand.processes[1].pid), cpu_of_family(stand.services.postgres.pid)


async def _set_off(url: str) -> None:
    """Until the first is due: setting them off is work of its own, which is not asked about."""
    connection = await asyncpg.connect(url)
    made = _DUE.replace("$1", str(PARTITIONS)).replace("$2", str(DUE_SHARE)).replace("$3", f"{DUE_A_SECOND}")
    await connection.execute(made.replace("$4", str(WAITING)).replace("$5", str(SET_OFF_WITHIN_S)))
    await connection.execute(_SET_OFF)
    await connection.execute("CHECKPOINT")
    left = float(await connection.fetchval("SELECT extract(epoch FROM min(at) - now())::float8 FROM bench_due"))
    await connection.close()
    if left < 0:
        raise RuntimeError(f"the runs were not set off within {SET_OFF_WITHIN_S:.0f} s")
    await asyncio.sleep(left)


async def _wait_for_all(url: str, due: int) -> None:
    connection = await asyncpg.connect(url)
    deadline = time.monotonic() + SET_OFF_WITHIN_S + 10 * due / DUE_A_SECOND
    while await connection.fetchval(_IS_LEFT) and time.monotonic() < deadline:
        await asyncio.sleep(0.5)
    await connection.close()


async def _told(url: str) -> _Carried:
    connection = await asyncpg.connect(url)
    told = await connection.fetchrow(_TOLD)
    others = await connection.fetchval(_OTHERS)
    assert told is not None
    await connection.close()
    return _Carried(told["seconds"], told["late"], told["early"] + told["not_once"] + others)


_IS_LEFT = """
    SELECT EXISTS (SELECT FROM generate_series(0, 63) p WHERE EXISTS (
        SELECT FROM run WHERE partition = p AND wake_at < now() + interval '6 hours'))
"""


@contextmanager
def _posting(port: int, *, seconds: float) -> Iterator[list[crowd.Answer]]:
    """Single events at a steady pace, which nobody waits for; their answers are known when the context is left."""
    pages = shop.events(int(seconds * POSTS_A_SECOND), customers=1000, rules=10, seed=int(time.time()))
    requests = shop.singles({**event, "event": "Page Viewed", "properties": {}} for event in pages)
    answers: list[crowd.Answer] = []

    def post() -> None:
        answers.extend(crowd.send_all(port, requests, connections=16, a_second=POSTS_A_SECOND)[0])

    posting = threading.Thread(target=post)
    posting.start()
    try:
        yield answers
    finally:
        posting.join()
