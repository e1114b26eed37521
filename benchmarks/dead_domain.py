"""One recipient domain of fifty that is dead: how much longer the mails of the other forty-nine take."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import time
from contextlib import suppress

import asyncpg
import uvloop

from benchmarks import shop
from benchmarks.mail import queue_messages
from benchmarks.report import Figure
from benchmarks.slow_sink import DEAD
from benchmarks.stand import Stand, helper
from engine.config import read_settings
from engine.core.identity import customer_id, derived_id, partition_of
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.runtime import open_runtime

MAILS = int(os.environ.get("KOGDA_BENCH_DEAD_DOMAIN_MAILS", "1200"))
ROUNDS = int(os.environ.get("KOGDA_BENCH_DEAD_DOMAIN_ROUNDS", "2"))
DOMAINS = 50
RULES = 'rule "note"\n  when order_placed send email "note"\n'
WAYS = {"refuses": "450 to each recipient", "hangs": "RCPT is never answered", "swallows": "the final dot never is"}


def measure() -> list[Figure]:
    with Stand(RULES, shop.SCHEMA, shop.TEMPLATES) as stand, helper("benchmarks.slow_sink") as sink:
        times = uvloop.run(_Series(stand.database_url, sink).run())
    how = f"{MAILS:,} mails to {DOMAINS} domains, {ROUNDS} alternated stretches each, a server that takes 40 ms a mail"
    return [
        Figure(
            what=f"the mails of 49 domains beside a dead one ({what})",
            value=_median_ratio(times, way),
            unit="times",
            goal=1.05,
            at_least=False,
            detail=f"against all alive; {how}; {statistics.median(times['alive']):.1f} s alive",
        )
        for way, what in WAYS.items()
    ]


def _median_ratio(times: dict[str, list[float]], way: str) -> float:
    """Each beside the stretches before and after it in which all were alive: a machine's speed drifts."""
    alive, place = times["alive"], list(WAYS).index(way)
    ratios = []
    for round_, taken in enumerate(times[way]):
        before = round_ * len(WAYS) + place
        ratios.append(taken / ((alive[before] + alive[before + 1]) / 2))
    return statistics.median(ratios)


class _Series:
    def __init__(self, url: str, sink: subprocess.Popen[str]) -> None:
        assert sink.stdin is not None and sink.stdout is not None
        self._url, self._in, self._out = url, sink.stdin, sink.stdout
        self._port = int(self._out.readline())
        self._queued = 0

    async def run(self) -> dict[str, list[float]]:
        times: dict[str, list[float]] = {way: [] for way in ("alive", *WAYS)}
        await self._stretch("alive")  # warms up
        times["alive"].append(await self._stretch("alive"))
        for _ in range(ROUNDS):
            for way in WAYS:
                times[way].append(await self._stretch(way))
                times["alive"].append(await self._stretch("alive"))
        return times

    async def _stretch(self, way: str) -> float:
        """Seconds until the last mail of the others was taken. Each has a worker of its own, that knows no domain."""
        settings = read_settings(
            database_url=self._url, smtp_url=f"smtp://127.0.0.1:{self._port}?connections=9", waker="null"
        )
        async with open_runtime(settings) as runtime:
            await self._queue(runtime.partitions)
            await self._told(way)
            began = time.monotonic()
            sending = asyncio.create_task(deliver_messages(runtime))
            ended = await self._others_taken(MAILS - MAILS // DOMAINS if way != "alive" else MAILS)
            await self._told("alive")  # lets go of what hangs
            sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending
        return ended - began

    async def _others_taken(self, wanted: int) -> float:
        deadline = time.monotonic() + 600
        while time.monotonic() < deadline:
            taken, at = await self._told("count")
            if taken >= wanted:
                return at
            await asyncio.sleep(0.1)
        raise RuntimeError(f"only {taken} of {wanted} mails came")

    async def _told(self, line: str) -> tuple[int, float]:
        self._in.write(line + "\n")
        self._in.flush()
        taken, at = (await asyncio.to_thread(self._out.readline)).split()
        return int(taken), float(at)

    async def _queue(self, partitions: int) -> None:
        connection = await asyncpg.connect(self._url)
        await connection.execute("TRUNCATE message, outcome, run, customer")
        await connection.execute("DELETE FROM circuit")
        first, self._queued = self._queued, self._queued + MAILS
        numbers = range(first, first + MAILS)
        keys = [f"u:{number}" for number in numbers]
        ids = [customer_id(key) for key in keys]
        places = [partition_of(each, partitions) for each in ids]
        mails = [f"c{number}@{_domain(number % DOMAINS)}" for number in numbers]
        runs = [derived_id("run", key) for key in keys]
        await connection.copy_records_to_table(
            "customer", columns=("partition", "id", "key", "email"), records=zip(places, ids, keys, mails, strict=True)
        )
        await queue_messages(connection, places, ids, runs)
        await connection.execute("ANALYZE")
        await connection.close()


def _domain(number: int) -> str:
    return DEAD if number == 7 else f"d{number}.example"
