"""What an event costs with 1, 2, 4 and 8 workers: the CPU time of all processes, from POST to the last decision."""

from __future__ import annotations

import asyncio
import contextlib
import time

import asyncpg
import psutil

from benchmarks import load, shop
from benchmarks.report import Figure
from benchmarks.road import BATCH, CONNECTIONS, UNDECIDED
from benchmarks.stand import Stand

WORKERS = (1, 2, 4, 8)
RULES = 100
CUSTOMERS = 200_000


def measure(*, events: int = 40_000) -> list[Figure]:
    spent = {workers: _cost(workers, events) for workers in WORKERS}
    alone = spent[1]
    figures = [
        Figure(
            what=f"CPU of all processes for an event, {workers} worker{'s' if workers > 1 else ''}",
            value=sum(parts.values()) * 1e6, unit="µs",
            detail=", ".join(f"{name} {seconds * 1e6:.0f}" for name, seconds in parts.items()),
        )
        for workers, parts in spent.items()
    ]  # fmt: skip
    most = max(sum(parts.values()) for parts in spent.values()) / sum(alone.values())
    how = f"{events:,} events, batches of {BATCH}, {CONNECTIONS} connections, {RULES} rules; POST to the last decision"
    return [
        *figures,
        Figure(what="the dearest beside one worker", value=most, unit="x", goal=1.15, at_least=False, detail=how),
    ]


def _cost(workers: int, events: int) -> dict[str, float]:
    """CPU seconds for an event, by what spent them."""
    with Stand(shop.rules(RULES), shop.SCHEMA, shop.TEMPLATES, workers=workers) as stand:
        stand.start()
        decide(stand, 10_000, seed=10)  # warms up
        before = _cpu(stand)
        decide(stand, events, seed=11)
        after = _cpu(stand)
    return {name: (after[name] - before[name]) / events for name in after}


def decide(stand: Stand, events: int, *, seed: int) -> float:
    """Seconds from the first POST to the last decision. What is posted is made before."""
    requests = shop.batches(shop.events(events, customers=CUSTOMERS, rules=RULES, seed=seed), BATCH)
    began = time.perf_counter()
    load.post(stand.port, requests, connections=CONNECTIONS)
    asyncio.run(_until_decided(stand.database_url))
    return time.perf_counter() - began


async def _until_decided(url: str) -> None:
    """Looks now and then: looking costs what is measured."""
    connection = await asyncpg.connect(url)
    deadline = time.monotonic() + 300
    while await connection.fetchval(UNDECIDED):
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
