"""Memory over time at 60 % of the peak. Three minutes by default; an hour, and judged, with KOGDA_BENCH_FULL=1."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import linear_regression

import psutil

from benchmarks import crowd, shop
from benchmarks.report import Figure
from benchmarks.road import BATCH
from benchmarks.stand import Stand

RULES = 100
CUSTOMERS = 50_000
CONNECTIONS = 16
SHARE = 0.6
IS_FULL = bool(os.environ.get("KOGDA_BENCH_FULL"))
SECONDS, WARM_UP_S = (3600, 600) if IS_FULL else (180, 60)
SLICE_S = 10


def measure() -> list[Figure]:
    with Stand(shop.rules(RULES), shop.SCHEMA, shop.TEMPLATES) as stand:
        stand.start()
        peak = _rate(stand, _requests(20_000, seed=49))
        pids = {"api": stand.processes[0].pid, "worker": stand.processes[1].pid}
        with _sizes(pids) as samples:
            began, seed, refused = time.perf_counter(), 50, 0
            while time.perf_counter() - began < SECONDS:
                requests = _requests(int(SHARE * peak * SLICE_S) * BATCH, seed=seed)
                answers, _ = crowd.send_all(stand.port, requests, connections=CONNECTIONS, a_second=SHARE * peak)
                refused += sum(answer.status != 200 for answer in answers)
                seed += 1
    events = (seed - 50) * int(SHARE * peak * SLICE_S) * BATCH
    how = f"{events:,} events in {SECONDS} s, {SHARE:.0%} of what is accepted at the peak, in slices of {SLICE_S} s"
    how += f"; the first {WARM_UP_S} s left out; {refused} refused"
    return [_slope(name, sizes, how) for name, sizes in samples.items()]


def _slope(name: str, sizes: list[tuple[float, float]], how: str) -> Figure:
    warm = [(at, size) for at, size in sizes if at >= WARM_UP_S]
    slope, _ = linear_regression(*zip(*warm, strict=True))
    detail = f"{warm[0][1]:.1f} MiB, at the end {warm[-1][1]:.1f}; {how}"
    what = f"memory of the {name} under load, slope"
    goal = 2 if IS_FULL else None  # minutes are too short to tell megabytes an hour from noise
    return Figure(what=what, value=slope * 3600, unit="MiB/h", goal=goal, at_least=False, detail=detail)


def _requests(events: int, *, seed: int) -> list[bytes]:
    return shop.batches(shop.events(events, customers=CUSTOMERS, rules=RULES, seed=seed), BATCH)


def _rate(stand: Stand, requests: list[bytes]) -> float:
    """Requests a second when each of a few connections sends as soon as it can."""
    _, seconds = crowd.send_all(stand.port, requests, connections=4)
    return len(requests) / seconds


@contextmanager
def _sizes(pids: dict[str, int]) -> Iterator[dict[str, list[tuple[float, float]]]]:
    """Second and MiB of what belongs to each process alone, once a second."""
    processes = {name: psutil.Process(pid) for name, pid in pids.items()}
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in pids}
    ended, began = threading.Event(), time.perf_counter()

    def look() -> None:
        while not ended.wait(1):
            for name, process in processes.items():
                samples[name].append((time.perf_counter() - began, process.memory_full_info().uss / 2**20))

    watching = threading.Thread(target=look)
    watching.start()
    try:
        yield samples
    finally:
        ended.set()
        watching.join()
