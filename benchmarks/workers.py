"""What an event costs with 1, 2, 4 and 8 workers: the CPU time of all processes, from POST to the last decision.

The speed of a shared machine drifts by a third within minutes, so two Kogdas stand side by side: one with a single
worker, the other with more and more of them, measured in turns. What several cost is told beside what one did right
before and right after.
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
from benchmarks.road import BATCH, CONNECTIONS, UNDECIDED
from benchmarks.stand import Stand

WORKERS = (1, 2, 4, 8)
RULES = 100
CUSTOMERS = 200_000
ROUNDS = 3
_WARM_UP = 3_000

#: CPU seconds for an event, by what spent them.
Cost: TypeAlias = dict[str, float]


def measure(*, events: int = 15_000) -> list[Figure]:
    single: list[Cost] = []  # of the one worker, one more than there are of several
    several: list[tuple[int, Cost]] = []
    with _stand() as alone, _stand() as shared:
        costs = _Costs(events)
        single.append(costs.of(alone))
        for workers in _changing(shared):
            several.append((workers, costs.of(shared)))
            single.append(costs.of(alone))
    return _figures(single, several, events)


def _figures(single: list[Cost], several: list[tuple[int, Cost]], events: int) -> list[Figure]:
    ratios, parts = defaultdict(list), defaultdict(list)
    for (before, after), (workers, cost) in zip(pairwise(single), several, strict=True):
        ratios[workers].append(2 * _total(cost) / (_total(before) + _total(after)))
        parts[workers].append(cost)
    beside = {workers: median(found) for workers, found in ratios.items()}
    figures = [
        Figure(
            what=f"CPU of all processes for an event, {workers} worker{'s' if workers > 1 else ''}",
            value=median(map(_total, parts[workers])) * 1e6, unit="µs",
            detail=f"{_told(parts[workers])}; {beside[workers]:.2f} times what the one beside it took, "
            f"{min(ratios[workers]):.2f} to {max(ratios[workers]):.2f}",
        )
        for workers in WORKERS
    ]  # fmt: skip
    how = (
        f"{events:,} events, batches of {BATCH}, {CONNECTIONS} connections, {RULES} rules; POST to the last decision; "
        f"medians of {ROUNDS}, each beside one worker right before and after it"
    )
    dearest = Figure(what="the dearest beside one worker", value=max(beside.values()), unit="x", goal=1.15,
                     at_least=False, detail=how)  # fmt: skip
    return [*figures, dearest]


def _total(cost: Cost) -> float:
    return sum(cost.values())


def _told(costs: list[Cost]) -> str:
    return ", ".join(f"{name} {median(each[name] for each in costs) * 1e6:.0f}" for name in costs[0])


class _Costs:
    def __init__(self, events: int) -> None:
        self._events = events
        self._seeds = count(10)

    def of(self, stand: Stand) -> Cost:
        decide(stand, _WARM_UP, seed=next(self._seeds))
        before = _cpu(stand)
        decide(stand, self._events, seed=next(self._seeds))
        after = _cpu(stand)
        return {name: (after[name] - before[name]) / self._events for name in after}


@contextlib.contextmanager
def _stand() -> Iterator[Stand]:
    with Stand(shop.rules(RULES), shop.SCHEMA, shop.TEMPLATES) as stand:
        stand.start()
        asyncio.run(_until(stand.database_url, _ALL_BEAT, 1))
        yield stand


def _changing(stand: Stand) -> Iterator[int]:
    """How many workers it has now: more and more, in rounds."""
    for _ in range(ROUNDS):
        stand.stop_workers()
        for workers in WORKERS:
            while len(stand.processes) <= workers:  # the first is the API
                stand.start_worker()
            asyncio.run(_until(stand.database_url, _ALL_BEAT, workers))
            yield workers


#: They have started, and know who is the eldest.
_ALL_BEAT = "SELECT count(*) <> $1 FROM worker_heartbeat"


def decide(stand: Stand, events: int, *, seed: int) -> float:
    """Seconds from the first POST to the last decision. What is posted is made before."""
    requests = shop.batches(shop.events(events, customers=CUSTOMERS, rules=RULES, seed=seed), BATCH)
    began = time.perf_counter()
    load.post(stand.port, requests, connections=CONNECTIONS)
    asyncio.run(_until(stand.database_url, UNDECIDED))
    return time.perf_counter() - began


async def _until(url: str, is_left: str, *given: int) -> None:
    """Looks now and then: looking costs what is measured."""
    connection = await asyncpg.connect(url)
    deadline = time.monotonic() + 300
    while await connection.fetchval(is_left, *given):
        if time.monotonic() > deadline:
            raise RuntimeError("the workers do not catch up")
        await asyncio.sleep(0.05)
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
