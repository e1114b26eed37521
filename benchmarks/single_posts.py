"""One event a request, 64 connections: ours beside a bare endpoint that does the same insert."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

import psutil

from benchmarks import crowd, shop
from benchmarks.report import Figure
from benchmarks.stand import Stand, free_port

CONNECTIONS = 64
ROUNDS = 5


def measure(*, requests: int = 20_000) -> list[Figure]:
    rates: dict[str, list[float]] = {"bare": [], "ours": []}
    spent: dict[str, float] = {"bare": 0.0, "ours": 0.0}
    answers: list[crowd.Answer] = []
    with Stand(shop.rules(10), shop.SCHEMA, shop.TEMPLATES, workers=0) as stand, _bare(stand.database_url) as bare:
        stand.start()
        servers = {"bare": bare, "ours": (stand.port, stand.processes[0].pid)}
        for number in range(ROUNDS + 1):
            for name, (port, pid) in servers.items():
                made = shop.singles(shop.events(requests // ROUNDS, customers=50_000, rules=10, seed=number))
                before = _cpu(pid)
                answered, seconds = crowd.send_all(port, made, connections=CONNECTIONS)
                _require_all_stored(answered)
                if number:  # the first round warms up
                    rates[name].append(len(made) / seconds)
                    spent[name] += _cpu(pid) - before
                    answers += answered if name == "ours" else []
    p50, p99 = crowd.percentiles_ms(answers)
    each = {name: seconds / requests * 1e6 for name, seconds in spent.items()}
    how = f"{requests:,} single events, {CONNECTIONS} connections, in turns of {requests // ROUNDS:,}"
    cpu = f"CPU of the process for each: ours {each['ours']:.0f} µs, bare {each['bare']:.0f} µs"
    share = median(ours / bare for ours, bare in zip(rates["ours"], rates["bare"], strict=True))
    return [
        Figure(what="single events, a bare Starlette endpoint", value=median(rates["bare"]), unit="/s", detail=how),
        Figure(
            what="single events, POST /v1/track", value=median(rates["ours"]), unit="/s",
            detail=f"answers p50 {p50:.0f} ms, p99 {p99:.0f} ms",
        ),
        Figure(what="single posts as a share of the bare endpoint", value=share, unit="x", goal=0.6, detail=cpu),
    ]  # fmt: skip


@contextmanager
def _bare(database_url: str) -> Iterator[tuple[int, int]]:
    """Its port and its process."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.bare_endpoint", str(port), database_url])
    try:
        _wait_until_it_listens(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(20)


def _wait_until_it_listens(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1)
        except urllib.error.HTTPError:
            return  # 404: it answers
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _cpu(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def _require_all_stored(answers: list[crowd.Answer]) -> None:
    if refused := [answer for answer in answers if answer.status != 200]:
        raise RuntimeError(f"{len(refused)} requests were not stored; the first was answered {refused[0].status}")
