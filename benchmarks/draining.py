"""What a second worker adds: a backlog that nobody has begun, decided by one worker and by two, in turns."""

from __future__ import annotations

import asyncio
import time
from itertools import count, pairwise
from statistics import median

import asyncpg

from benchmarks import load, shop
from benchmarks.report import Figure
from benchmarks.road import BATCH, CONNECTIONS, CUSTOMERS, UNDECIDED, until_left
from benchmarks.stand import Stand

RULES = 100
TURNS = 3  # of two workers; one is measured before, between and after them


def measure(*, events: int = 60_000) -> list[Figure]:
    seeds = count(20)
    with Stand(shop.rules(RULES), shop.SCHEMA, shop.TEMPLATES) as stand:
        stand.start()
        one = [_rate(stand, 1, events, seed=next(seeds))]
        two = []
        for _ in range(TURNS):
            two.append(_rate(stand, 2, events, seed=next(seeds)))
            one.append(_rate(stand, 1, events, seed=next(seeds)))
    gain = median(2 * rate / (before + after) for rate, (before, after) in zip(two, pairwise(one), strict=True))
    how = f"a backlog of {events:,} events, {RULES} rules, on this machine; medians of {TURNS} turns"
    return [
        Figure(what="a backlog, decided by one worker", value=median(one), unit="events/s", detail=how),
        Figure(what="the same by two workers, beside one", value=gain, unit="x", detail="two cores for all processes"),
    ]


def _rate(stand: Stand, workers: int, events: int, *, seed: int) -> float:
    """Events/s, counted from the time a twentieth is done: starting and loading the rules is none of it."""
    stand.stop_workers()
    requests = shop.batches(shop.events(events, customers=CUSTOMERS, rules=RULES, seed=seed), BATCH)
    load.post(stand.port, requests, connections=CONNECTIONS)
    for _ in range(workers):
        stand.start_worker()
    left = asyncio.run(_until_left(stand.database_url, events * 19 // 20))
    began = time.perf_counter()
    asyncio.run(_until_left(stand.database_url, 0))
    return left / (time.perf_counter() - began)


async def _until_left(url: str, at_most: int) -> int:
    connection = await asyncpg.connect(url)
    left = await until_left(connection, UNDECIDED, at_most=at_most)
    await connection.close()
    return left
