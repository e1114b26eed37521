"""After an outage: events were taken while no worker lived; how fast they are decided, and how others fare then."""

from __future__ import annotations

import asyncio
import os
import threading
import time

import asyncpg

from benchmarks import crowd, load, shop
from benchmarks.report import Figure
from benchmarks.road import BATCH, CONNECTIONS, UNDECIDED, until_left
from benchmarks.stand import Stand

RULES = 100
CUSTOMERS = 200_000
LIVE_A_SECOND = 50


def measure(*, queued: int = 100_000 if os.environ.get("KOGDA_BENCH_FULL") else 40_000) -> list[Figure]:
    with Stand(shop.rules(RULES), shop.SCHEMA, shop.TEMPLATES) as stand:
        stand.start()
        _post(stand, 10_000, seed=70)  # warms up
        asyncio.run(_seconds_until_decided(stand.database_url))
        began = time.perf_counter()
        _post(stand, queued // 2, seed=71)
        asyncio.run(_seconds_until_decided(stand.database_url))
        peak = queued // 2 / (time.perf_counter() - began)
        stand.stop_workers()
        _post(stand, queued, seed=72)
        live: list[crowd.Answer] = []
        posting = threading.Thread(target=_post_live, args=(stand.port, live))
        stand.start_worker()
        posting.start()
        seconds = asyncio.run(_seconds_until_decided(stand.database_url))
        posting.join()
    p50, p99 = crowd.percentiles_ms(live)
    refused = sum(answer.status != 200 for answer in live)
    return [
        Figure(
            what="thundering herd: what waited is decided, beside the rate of the peak", value=queued / seconds / peak,
            unit="x", goal=0.8, detail=f"{queued:,} events in {seconds:.1f} s; peak {peak:,.0f} events/s",
        ),
        Figure(
            what="single events meanwhile, not taken", value=refused, unit="requests", goal=0, at_least=False,
            detail=f"{len(live)} of them, answers p50 {p50:.0f} ms, p99 {p99:.0f} ms",
        ),
    ]  # fmt: skip


def _post(stand: Stand, events: int, *, seed: int) -> None:
    requests = shop.batches(shop.events(events, customers=CUSTOMERS, rules=RULES, seed=seed), BATCH)
    load.post(stand.port, requests, connections=CONNECTIONS)


def _post_live(port: int, answers: list[crowd.Answer], seconds: int = 5) -> None:
    requests = shop.singles(shop.events(LIVE_A_SECOND * seconds, customers=1000, rules=RULES, seed=73))
    answers.extend(crowd.send_all(port, requests, connections=16, a_second=LIVE_A_SECOND)[0])


async def _seconds_until_decided(url: str) -> float:
    """From the first decision, so that a worker's start does not count."""
    connection = await asyncpg.connect(url)
    waiting = int(await connection.fetchval(UNDECIDED))
    await until_left(connection, UNDECIDED, at_most=max(waiting - 1, 0), every_s=0.2)
    began = time.perf_counter()
    await until_left(connection, UNDECIDED, every_s=0.2)
    await connection.close()
    return time.perf_counter() - began
