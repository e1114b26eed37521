"""What an event costs with 1, 2, 4 and 8 workers: the CPU time of all processes, from POST to the last decision.

The speed of a shared machine drifts by a third within minutes, and a worker's first batch costs it half a second of
rules and statements to load. So all stand side by side from the beginning, are warmed up, and are measured in turns;
what several cost is told beside what one did right before and right after.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import count, pairwise
from statistics import median
from typing import TypeAlias

import asyncpg
import psutil

from benchmarks import load, shop
from benchmarks.report import Figure
from benchmarks.road import BATCH, BEHIND, CONNECTIONS, until_left
from benchmarks.stand import Stand

WORKERS = (1, 2, 4, 8)
TURNS = (2, 4, 8, 8, 4, 2, 2, 4, 8)  # one worker is measured before, between and after them
RULES = 100
CUSTOMERS = 200_000

#: CPU seconds for an event, by what spent them.
Cost: TypeAlias = dict[str, float]


def measure(*, events: int = 15_000) -> list[Figure]:
    seeds = count(10)
    with contextlib.ExitStack() as stack:
        stands = {workers: stack.enter_context(_stand(workers)) for workers in WORKERS}
        for stand in stands.values():
            _cost(stand, events, seed=next(seeds))
        single = [_cost(stands[1], events, seed=next(seeds))]
        several = []
        for workers in TURNS:
            several.append((workers, _cost(stands[workers], events, seed=next(seeds))))
            single.append(_cost(stands[1], events, seed=next(seeds)))
    return _figures(single, several, events)


@contextlib.contextmanager
def _stand(workers: int) -> Iterator[Stand]:
    with Stand(shop.rules(RULES), shop.SCHEMA, shop.TEMPLATES, workers=workers) as stand:
        stand.start()
        asyncio.run(_until(stand.database_url, _NOT_ALL_BEAT, workers))
        yield stand


#: Those that beat have started, and know who is the eldest.
_NOT_ALL_BEAT = "SELECT count(*) <> $1 FROM worker_heartbeat"


def _cost(stand: Stand, events: int, *, seed: int) -> Cost:
    before = _cpu(stand)
    decide(stand, events, seed=seed)
    after = _cpu(stand)
    return {name: (after[name] - before[name]) / events for name in after}


def _figures(single: list[Cost], several: list[tuple[int, Cost]], events: int) -> list[Figure]:
    costs, ratios = defaultdict(list, {1: single}), defaultdict(list, {1: [1.0]})
    for (before, after), (workers, cost) in zip(pairwise(single), several, strict=True):
        costs[workers].append(cost)
        ratios[workers].append(2 * _total(cost) / (_total(before) + _total(after)))
    figures = [
        Figure(
            what=f"CPU of all processes for an event, {workers} worker{'s' if workers > 1 else ''}",
            value=median(map(_total, costs[workers])) * 1e6, unit="µs",
            detail=", ".join(f"{name} {median(each[name] for each in costs[workers]) * 1e6:.0f}" for name in single[0])
            + (f"; beside one: {', '.join(f'{ratio:.2f}' for ratio in ratios[workers])}" if workers > 1 else ""),
        )
        for workers in WORKERS
    ]  # fmt: skip
    how = (
        f"{events:,} events a turn, batches of {BATCH}, {CONNECTIONS} connections, {RULES} rules; POST to the last "
        f"decision; medians of {len(TURNS) // 3} turns, each beside one worker right before and after it"
    )
    dearest = max(median(found) for found in ratios.values())
    return [
        *figures,
        Figure(what="the dearest beside one worker", value=dearest, unit="x", goal=1.15, at_least=False, detail=how),
    ]


def _total(cost: Cost) -> float:
    return sum(cost.values())


def decide(stand: Stand, events: int, *, seed: int) -> float:
    """Seconds from the first POST to the last decision. What is posted is made before."""
    requests = shop.batches(shop.events(events, customers=CUSTOMERS, rules=RULES, seed=seed), BATCH)
    began = time.perf_counter()
    load.post(stand.port, requests, connections=CONNECTIONS)
    asyncio.run(_until(stand.database_url, BEHIND))
    return time.perf_counter() - began


async def _until(url: str, is_left: str, *given: int) -> None:
    connection = await asyncpg.connect(url)
    await until_left(connection, is_left, *given, every_s=0.05)
    await connection.close()


def _cpu(stand: Stand) -> dict[str, float]:
    api, *workers = (process.pid for process in stand.processes)
    return {
        "api": cpu_of(api),
        "workers": sum(cpu_of(worker) for worker in workers),
        "PostgreSQL": cpu_of_family(stand.services.postgres.pid),
        "Redis": cpu_of_family(stand.services.redis.pid),
    }


def cpu_of(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def cpu_of_family(pid: int | None) -> float:
    """With children that live, and with those that have ended and were waited for."""
    parent = psutil.Process(pid)
    ended = parent.cpu_times()
    children = 0.0
    for child in parent.children():
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended since: its parent tells of it the next time
            children += cpu_of(child.pid)
    return cpu_of(parent.pid) + float(ended.children_user + ended.children_system) + children
