"""A worker process: it sweeps, hears wake-ups, decides and delivers, and stops with nothing half done."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import uuid4

import structlog
import uvloop

from engine.config import Settings
from engine.failpoints import arm
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.flow.upkeep.complete_quarters import complete_quarters
from engine.flow.upkeep.fold_figures import fold_figures
from engine.flow.upkeep.forget import forget_old
from engine.flow.upkeep.sweep import find_waiting
from engine.flow.upkeep.watch_pools import PoolWatch
from engine.runtime import Runtime, started
from engine.storage.events.event_partitions import make_event_partitions
from engine.storage.heartbeats import beat, stop_beating
from engine.storage.stalled import end_stalled_transactions
from engine.worker.arq_lane import serve_wakes
from engine.worker.lanes import AdvanceLanes, Deliver, DeliverLane
from engine.worker.politeness import give_way
from engine.worker.standby import Standby

SWEEP_S = 1.5
BEAT_S = 2.0
_PARTITIONS_S = 3600.0
_POOLS_S = 60.0
_FIGURES_S = 60.0
_QUARTERS_S = 1.0
_STOP_WITHIN_S = 18.0

_log = structlog.get_logger(__name__)


def run_worker(settings: Settings) -> None:
    """Until SIGTERM or SIGINT. Raises ConfigurationError when it cannot start."""
    logging.getLogger("arq").setLevel(logging.WARNING)  # it writes each job's arguments at INFO
    arm(os.environ)
    give_way()
    tune_garbage_collection()
    uvloop.run(_run(settings))


def tune_garbage_collection() -> None:
    """A batch keeps a hundred thousand values alive until it is written, none of them in cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(400_000, 20, 100)


async def _run(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(working(await started(settings, stack, stop)))
        await stop.wait()


@asynccontextmanager
async def working(runtime: Runtime, deliver: Deliver = deliver_messages) -> AsyncIterator[None]:
    """A worker within this process. Leaving finishes the batch and the hand-overs under way."""
    standby = Standby()
    deciding, delivering = AdvanceLanes(runtime, standby), DeliverLane(runtime, deliver)
    duties = [_beat(runtime, standby), _keep_months(runtime), _watch(runtime, standby)]
    duties.append(_sweep(runtime, deciding, delivering, standby=standby))
    duties += [_fold(runtime), _complete(runtime, standby)]
    if runtime.settings.waker == "arq" and runtime.settings.redis_url is not None:
        redis_url = runtime.settings.redis_url.get_secret_value()
        duties.append(serve_wakes(redis_url, deciding, deliver_lane=delivering, standby=standby))
    tasks = [asyncio.create_task(duty) for duty in duties]
    try:
        yield
    finally:
        runtime.stopping.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STOP_WITHIN_S):
                await asyncio.gather(deciding.close(), delivering.close())
        await _end(tasks)


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel until they obey: a cancellation that meets an answer from Redis is swallowed on the way."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=0.2)


async def _sweep(runtime: Runtime, advance: AdvanceLanes, deliver: DeliverLane, *, standby: Standby) -> None:
    """At once, then every second or two; workers that started together drift apart by their process id."""
    pause = SWEEP_S * (0.8 + 0.4 * (os.getpid() % 97) / 97)
    while True:
        try:
            waiting = await find_waiting(runtime, standby.patience)
            advance.wake(waiting.partitions, timers=True)
            if waiting.messages:
                deliver.wake()
        except Exception as error:
            _log.warning("sweep_failed", error=repr(error))
        await asyncio.sleep(pause)


async def _beat(runtime: Runtime, standby: Standby) -> None:
    worker = uuid4()
    detail = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}
    try:
        while True:
            try:
                async with runtime.database.connection() as connection:
                    standby.place = await beat(connection, worker, detail | {"counts": runtime.counts.as_json()})
                    await end_stalled_transactions(connection)
            except Exception as error:
                _log.warning("heartbeat_failed", error=repr(error))
            await asyncio.sleep(BEAT_S)
    finally:
        with contextlib.suppress(Exception):
            async with runtime.database.connection() as connection:
                await stop_beating(connection, worker)


async def _watch(runtime: Runtime, standby: Standby) -> None:
    """By the eldest worker, so that each change is told once."""
    pools = PoolWatch()
    while True:
        try:
            if not standby.stands_by:
                await pools.look(runtime)
        except Exception as error:
            _log.warning("pools_not_watched", error=repr(error))
        await asyncio.sleep(_POOLS_S)


async def _fold(runtime: Runtime) -> None:
    while True:
        try:
            await fold_figures(runtime.database)
        except Exception as error:
            _log.warning("figures_not_folded", error=repr(error))
        await asyncio.sleep(_FIGURES_S)


async def _complete(runtime: Runtime, standby: Standby) -> None:
    """Once, after an update: a second between a few hours and the next, so that whoever has work to do gets through."""
    are_left = True
    while are_left:
        await asyncio.sleep(_QUARTERS_S)
        await standby.until_first()
        try:
            are_left = await complete_quarters(runtime.database)
        except Exception as error:
            _log.warning("quarters_not_completed", error=repr(error))


async def _keep_months(runtime: Runtime) -> None:
    while True:
        try:
            await make_event_partitions(runtime.database)
            await forget_old(runtime)
        except Exception as error:
            _log.warning("hourly_duty_failed", error=repr(error))
        await asyncio.sleep(_PARTITIONS_S)
