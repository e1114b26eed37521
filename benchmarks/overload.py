"""Three times the peak for a while: what is refused, how soon, how the others fare, and what happens afterwards."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import psutil

from api.server.auth import PROVIDED_SOURCE
from benchmarks import crowd, shop
from benchmarks.report import Figure
from benchmarks.road import BATCH, UNDECIDED, until_left
from benchmarks.stand import Stand
from engine.core.identity import event_id

RULES = 100
CUSTOMERS = 200_000
CONNECTIONS = 64
TIMES = 3


@dataclass(frozen=True, slots=True)
class _Stretch:
    answers: list[crowd.Answer]
    seconds: float  # of posting
    drained_s: float  # from the last answer until nothing was undecided
    left: int  # undecided at the last answer
    largest: int  # bytes: the API's memory


def measure(*, events: int = 60_000, overload_s: float = 12) -> list[Figure]:
    with Stand(shop.rules(RULES), shop.SCHEMA, shop.TEMPLATES) as stand:
        stand.start()
        _posted(stand, _requests(20_000, seed=89), connections=4)  # warms up
        first = _posted(stand, _requests(events, seed=90), connections=4)
        rate = events / BATCH / (first.seconds + first.drained_s)  # requests a second that are posted and decided
        peak = _posted(stand, _requests(events, seed=91), a_second=rate)
        offered = _requests(int(TIMES * rate * overload_s) * BATCH, seed=92)
        over = _posted(stand, offered, a_second=TIMES * rate)
        lost = asyncio.run(_lost(stand.database_url, over.answers, seed=92))
    return _figures(rate, peak, over, lost)


def _figures(rate: float, peak: _Stretch, over: _Stretch, lost: int) -> list[Figure]:
    accepted = [answer for answer in over.answers if answer.status == 200]
    refused = [answer for answer in over.answers if answer.status in (429, 503)]
    silent = sum(answer.retry_after_s is None for answer in refused) + len(over.answers) - len(accepted) - len(refused)
    (p50, p99), (before_p50, before_p99) = crowd.percentiles_ms(accepted), crowd.percentiles_ms(peak.answers)
    drain = over.left / max(over.drained_s, 0.001) / (rate * BATCH)
    how = f"{len(over.answers) * BATCH:,} events offered in {over.seconds:.0f} s, peak {rate * BATCH:,.0f} events/s"
    return [
        Figure(
            what=f"{TIMES}x the peak: answers of what is accepted, p99 beside p99 at the peak",
            value=p99 / before_p99, unit="x", goal=2, at_least=False,
            detail=f"p50 {p50:.0f} ms, p99 {p99:.0f} ms; at the peak {before_p50:.0f} and {before_p99:.0f} ms; {how}",
        ),
        Figure(
            what="accepted meanwhile, of the peak", value=len(accepted) / over.seconds / rate, unit="x",
            detail=f"{len(accepted):,} requests stored, {len(refused):,} answered 503 with Retry-After",
        ),
        Figure(what="neither stored nor told when to come back", value=silent, unit="requests", goal=0, at_least=False),
        Figure(what="accepted and lost", value=lost, unit="events", goal=0, at_least=False),
        Figure(
            what="memory of the API, beside the peak's", value=over.largest / peak.largest, unit="x",
            goal=1.25, at_least=False, detail=f"{over.largest / 2**20:.0f} MiB",
        ),
        Figure(
            what="the backlog drains afterwards, beside the peak", value=drain, unit="x", goal=0.8,
            detail=f"{over.left:,} events in {over.drained_s:.1f} s",
        ),
    ]  # fmt: skip


def _requests(events: int, *, seed: int) -> list[bytes]:
    return shop.batches(shop.events(events, customers=CUSTOMERS, rules=RULES, seed=seed), BATCH)


def _posted(
    stand: Stand, requests: Sequence[bytes], *, a_second: float | None = None, connections: int = CONNECTIONS
) -> _Stretch:
    with _largest(stand.processes[0].pid) as largest:
        answers, seconds = crowd.send_all(stand.port, requests, connections=connections, a_second=a_second)
    left, drained_s = asyncio.run(_drained(stand.database_url))
    return _Stretch(answers, seconds, drained_s, left, largest[0])


async def _drained(url: str) -> tuple[int, float]:
    """How many events are undecided now, and the seconds until none is."""
    connection = await asyncpg.connect(url)
    began = time.perf_counter()
    left = int(await connection.fetchval(UNDECIDED))
    await until_left(connection, UNDECIDED, every_s=0.25)
    seconds = time.perf_counter() - began
    await connection.close()
    return left, seconds


@contextmanager
def _largest(pid: int) -> Iterator[list[int]]:
    """The resident size of a process at its largest; known when the context is left."""
    process, largest, ended = psutil.Process(pid), [0], threading.Event()

    def look() -> None:
        while not ended.wait(0.2):
            largest[0] = max(largest[0], process.memory_info().rss)

    watching = threading.Thread(target=look)
    watching.start()
    try:
        yield largest
    finally:
        ended.set()
        watching.join()


async def _lost(url: str, answers: Sequence[crowd.Answer], *, seed: int) -> int:
    """Events of requests that were answered 200 and of which nothing is stored."""
    numbers = [place for answer in answers if answer.status == 200 for place in _places(answer.number)]
    ids: list[UUID] = [event_id(PROVIDED_SOURCE, f"m-{seed}-{number}") for number in numbers]
    connection = await asyncpg.connect(url)
    stored = await connection.fetchval("SELECT count(*) FROM event WHERE id = ANY($1::uuid[])", ids)
    await connection.close()
    return len(ids) - int(stored)


def _places(request: int) -> range:
    return range(request * BATCH, (request + 1) * BATCH)
