"""Wake-ups by arq, with a doorbell instead of a fast poll, and started anew whenever it dies.

arq carries "look at these partitions" and "deliver", nothing more; what it loses, the sweep finds.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import structlog
from arq.connections import ArqRedis, create_pool
from arq.worker import Worker, func
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from engine.failpoints import reach
from engine.sentinels import sentinels_of
from engine.waker import DOORBELL, QUEUE, connect_redis, from_bytes, redis_settings, to_bytes
from engine.worker.lanes import AdvanceLanes, DeliverLane
from engine.worker.standby import Standby

_BELL_S = 1.0  # how long to wait for the bell before looking anyway
_ANSWER_S = 2.0  # of Redis, and of each Sentinel
_BATCH_AT_MOST_S = 30
_STOP_WITHIN_S = 20
_RESTART_S = (0.2, 0.5, 1.0, 2.0)

_log = structlog.get_logger(__name__)


async def advance(ctx: dict[str, Any], *partitions: int) -> None:
    reach("wake.heard")
    lane: AdvanceLanes = ctx["advance"]
    await lane.advance(partitions)


async def deliver(ctx: dict[str, Any]) -> None:
    lane: DeliverLane = ctx["deliver"]
    lane.wake()


class WorkerSettings:
    """No cron and no hooks: a hook that raises ends the worker, and schedules are rows."""

    functions = (
        func(advance, name="advance", keep_result=0, max_tries=1, timeout=_BATCH_AT_MOST_S),
        func(deliver, name="deliver", keep_result=0, max_tries=1, timeout=_BATCH_AT_MOST_S),
    )
    queue_name = QUEUE
    max_jobs = 16
    keep_result = 0
    max_tries = 1
    retry_jobs = False
    allow_abort_jobs = False
    health_check_interval = 10
    health_check_key = "kogda:health"
    job_completion_wait = _STOP_WITHIN_S
    expires_extra_ms = 60_000
    handle_signals = False
    log_results = False
    job_serializer = staticmethod(to_bytes)
    job_deserializer = staticmethod(from_bytes)


class DoorbellWorker(Worker):
    """arq's worker, which looks into its queue when the bell rings, and not sooner than it has a place free."""

    def __init__(self, redis_url: str, ctx: dict[str, Any], standby: Standby) -> None:
        self._redis_url = redis_url
        settings = redis_settings(redis_url)
        # A refused connection after a restart is an OSError, which arq's documented list leaves out.
        settings.retry_on_error = [RedisConnectionError, RedisTimeoutError, OSError]
        options = {name: value for name, value in vars(WorkerSettings).items() if not name.startswith("_")}
        options["job_serializer"], options["job_deserializer"] = to_bytes, from_bytes
        super().__init__(redis_settings=settings, ctx=ctx, **options)
        self._standby = standby
        self._bell = connect_redis(redis_url, timeout_s=_BELL_S + 2)

    async def main(self) -> None:
        self._pool = await self._connected()
        self.ctx["redis"] = self._pool
        while True:
            await self._standby.until_first()
            await self._poll()
            await self._wait_for_bell()

    async def _poll(self) -> None:
        """Poll once, to its end even when cancelled: an interrupted pipeline of arq would keep its connection."""
        poll = asyncio.create_task(self._poll_iteration())
        try:
            await asyncio.shield(poll)
        except asyncio.CancelledError:
            try:
                await asyncio.wait([poll], timeout=_ANSWER_S)
            finally:
                if not poll.cancel():
                    poll.exception()  # retrieved, so that asyncio does not complain about it
            raise

    async def _connected(self) -> ArqRedis:
        if sentinels_of(self._redis_url) is not None:
            # arq asks Sentinels without a time limit.
            pool = connect_redis(self._redis_url, timeout_s=_ANSWER_S)
            pool.expires_extra_ms = self.expires_extra_ms
            return pool
        return await create_pool(
            self.redis_settings,
            job_deserializer=self.job_deserializer,
            job_serializer=self.job_serializer,
            default_queue_name=self.queue_name,
            expires_extra_ms=self.expires_extra_ms,
        )

    async def _wait_for_bell(self) -> None:
        if self.job_counter >= self.max_jobs:
            # Full: the bell is for a worker that has a place free.
            await asyncio.wait(self.tasks.values(), timeout=_BELL_S, return_when=asyncio.FIRST_COMPLETED)
        else:
            await self._bell.execute_command("BLPOP", DOORBELL, _BELL_S)  # type: ignore[no-untyped-call]

    async def finish(self) -> None:
        """Let what runs end, then let go of Redis, whatever state it is in."""
        if self.tasks:
            await asyncio.wait(self.tasks.values(), timeout=_STOP_WITHIN_S)
        for task in self.tasks.values():
            task.cancel()
        for task in self.tasks.values():
            with contextlib.suppress(Exception, asyncio.CancelledError):
                await task
        for client in (self._pool, self._bell):
            if client is not None:
                with contextlib.suppress(RedisError, OSError):
                    await client.aclose(close_connection_pool=True)


async def serve_wakes(
    redis_url: str, advance_lane: AdvanceLanes, *, deliver_lane: DeliverLane, standby: Standby
) -> None:
    """Until cancelled. A lost connection ends arq's worker; a new one begins as soon as Redis answers."""
    failures = 0
    while True:
        worker = DoorbellWorker(redis_url, {"advance": advance_lane, "deliver": deliver_lane}, standby)
        try:
            await worker.main()
        except Exception as error:
            _log.warning("wake_ups_interrupted", error=repr(error))
        finally:
            lived = worker.jobs_complete > 0
            await worker.finish()
        failures = 1 if lived else failures + 1
        await asyncio.sleep(_RESTART_S[min(failures, len(_RESTART_S)) - 1])
