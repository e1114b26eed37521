"""Wake-ups: hints that something committed waits. The sweep finds what a lost hint would have said (law 3)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Any, Protocol
from uuid import uuid4

import orjson
import structlog
from arq.connections import ArqRedis, RedisSettings
from arq.jobs import serialize_job
from prometheus_client import Counter
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from engine.sentinels import sentinels_of

QUEUE = "kogda:queue"
DOORBELL = "kogda:doorbell"
_JOB = "arq:job:"
_FLAG_MS = 5_000  # a flag whose job was lost stops hiding wake-ups after this time; the sweep is faster
_JOB_MS = 60_000  # a wake-up that nobody took within a minute says nothing any more
_AGO_MS = 600_000
_PARTITIONS_A_JOB = 32
_QUIET_S = 0.02  # between two calls to Redis under load: wake-ups gather meanwhile
_TIMEOUT_S = 0.5
_BREAK_S = 1.0

_FAILED = Counter("kogda_wakes_failed_total", "Wake-ups that Redis did not take; the sweep does their work")
_LOST = (RedisError, OSError, TimeoutError)
_log = structlog.get_logger(__name__)

#: Sets the dirty flag of each partition and answers those whose flag was not up yet, in one round trip.
_RAISE_FLAGS = """
local fresh = {}
for place, key in ipairs(KEYS) do
    if redis.call('SET', key, '1', 'NX', 'PX', ARGV[1]) then fresh[#fresh + 1] = place end
end
return fresh
"""


class Waker(Protocol):
    """Never raises, and returns at once: a caller has committed already and must not wait for a hint."""

    async def wake(self, partitions: Iterable[int]) -> None: ...

    async def wake_delivery(self) -> None: ...

    async def begin(self, partitions: Iterable[int]) -> None:
        """A worker is about to read these partitions' cursors: what is committed from now on needs a new wake-up."""

    async def begin_delivery(self) -> None: ...

    async def close(self) -> None: ...


class NullWaker:
    """Drops every wake-up: everything still happens, one sweep later."""

    async def wake(self, partitions: Iterable[int]) -> None:
        pass

    async def wake_delivery(self) -> None:
        pass

    async def begin(self, partitions: Iterable[int]) -> None:
        pass

    async def begin_delivery(self) -> None:
        pass

    async def close(self) -> None:
        pass


class ArqWaker:
    """Gathers wake-ups and hands them to arq from a task of its own.

    A partition whose flag is up has a job that has not begun yet, and needs no second one: the worker takes the flag
    down *before* it reads the cursor. Jobs have no id of their own choosing, because arq swallows those silently.
    """

    def __init__(self, redis_url: str, *, timeout_s: float = _TIMEOUT_S) -> None:
        self._redis: ArqRedis = connect_redis(redis_url, timeout_s=timeout_s)
        self._raise_flags = self._redis.register_script(_RAISE_FLAGS)
        self._partitions: set[int] = set()
        self._delivery = False
        self._flusher: asyncio.Task[None] | None = None
        self._broken_until = 0.0  # monotonic

    async def wake(self, partitions: Iterable[int]) -> None:
        self._partitions.update(partitions)
        self._start()

    async def wake_delivery(self) -> None:
        self._delivery = True
        self._start()

    async def begin(self, partitions: Iterable[int]) -> None:
        await self._take_down([flag(partition) for partition in partitions])

    async def begin_delivery(self) -> None:
        await self._take_down([DELIVERY_FLAG])

    async def close(self) -> None:
        """Hands over what was gathered, as far as Redis answers."""
        await self.flushed()
        await self._redis.aclose(close_connection_pool=True)

    async def flushed(self) -> None:
        """Returns when everything gathered so far was handed to Redis, or was dropped because Redis does not answer."""
        if self._flusher:
            await self._flusher

    async def _take_down(self, flags: list[str]) -> None:
        """Redis may be gone: then its flags are, too, or they run out in a few seconds."""
        if time.monotonic() < self._broken_until:
            return
        try:
            await self._redis.delete(*flags)
        except _LOST as error:
            self._break(error)

    def _break(self, error: Exception) -> None:
        """Leave Redis alone for a moment: a dead one must not slow down every batch by a timeout."""
        self._broken_until = time.monotonic() + _BREAK_S
        _log.warning("redis_does_not_answer", error=repr(error))

    def _start(self) -> None:
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush())

    async def _flush(self) -> None:
        while self._partitions or self._delivery:
            partitions, self._partitions = sorted(self._partitions), set()
            delivery, self._delivery = self._delivery, False
            if time.monotonic() < self._broken_until:
                _FAILED.inc(len(partitions) + delivery)
                continue
            try:
                await self._send(partitions, delivery)
            except _LOST as error:
                _FAILED.inc(len(partitions) + delivery)
                self._break(error)
            if self._partitions or self._delivery:
                await asyncio.sleep(_QUIET_S)

    async def _send(self, partitions: list[int], delivery: bool) -> None:
        keys = [flag(partition) for partition in partitions]
        if delivery:
            keys.append(DELIVERY_FLAG)
        fresh = await self._raise_flags(keys=keys, args=[_FLAG_MS])
        woken = [partitions[place - 1] for place in fresh if place <= len(partitions)]
        jobs: list[tuple[str, tuple[int, ...]]] = [
            ("advance", tuple(woken[start : start + _PARTITIONS_A_JOB]))
            for start in range(0, len(woken), _PARTITIONS_A_JOB)
        ]
        if delivery and len(keys) in fresh:
            jobs.append(("deliver", ()))
        if jobs:
            await self._enqueue(jobs)

    async def _enqueue(self, jobs: list[tuple[str, tuple[int, ...]]]) -> None:
        """What `ArqRedis.enqueue_job` writes, for all jobs in one round trip, and the doorbell.

        Due long ago, because arq compares the time with the worker's own clock, which may be behind ours.
        """
        now = time.time_ns() // 1_000_000 - _AGO_MS
        async with self._redis.pipeline(transaction=True) as pipe:
            for function, arguments in jobs:
                job = uuid4().hex
                pipe.psetex(_JOB + job, _JOB_MS, serialize_job(function, arguments, {}, None, now, serializer=to_bytes))
                pipe.zadd(QUEUE, {job: now})
                pipe.lpush(DOORBELL, 1)
            pipe.ltrim(DOORBELL, 0, 63)
            await pipe.execute()


DELIVERY_FLAG = "kogda:wake:delivery"


def flag(partition: int) -> str:
    return f"kogda:wake:{partition}"


def to_bytes(value: Any) -> bytes:
    """JSON, because whoever may write to Redis could run code through a pickle."""
    return orjson.dumps(value, default=repr)


def from_bytes(content: bytes) -> Any:
    return orjson.loads(content)


def redis_settings(url: str) -> RedisSettings:
    """For arq. A refused connection is an OSError, which redis-py does not retry on its own."""
    sentinels = sentinels_of(url)
    if sentinels is not None:
        return RedisSettings(host=list(sentinels.hosts), sentinel=True, sentinel_master=sentinels.master)
    settings = RedisSettings.from_dsn(url)
    settings.conn_timeout = 1
    settings.conn_retries = 0
    return settings


def connect_redis(url: str, *, timeout_s: float = _TIMEOUT_S) -> ArqRedis:
    """A client that fails fast; it connects at the first command. Behind Sentinels it asks them for the master each
    time it connects."""
    options: dict[str, Any] = {"socket_timeout": timeout_s, "socket_connect_timeout": timeout_s}
    sentinels = sentinels_of(url)
    client: ArqRedis
    if sentinels is None:
        client = ArqRedis.from_url(url, retry=Retry(NoBackoff(), 0), **options)
    else:
        # Asking them takes no longer than a command: a Sentinel that is down must not hold up those who ask the next.
        guide = Sentinel(sentinels.hosts, sentinel_kwargs=options)  # type: ignore[no-untyped-call]
        client = guide.master_for(
            sentinels.master,
            ArqRedis,
            _MasterPool,
            retry=Retry(NoBackoff(), 0),
            **sentinels.client_options(),
            **options,
        )
    client.job_serializer, client.job_deserializer = to_bytes, from_bytes
    client.default_queue_name = QUEUE
    return client


class _MasterPool(SentinelConnectionPool):
    """Lets go of the Sentinels with the connections that they led to: redis-py leaves them open."""

    async def disconnect(self, inuse_connections: bool = True) -> None:
        try:
            await super().disconnect(inuse_connections)
        finally:
            for sentinel in self.sentinel_manager.sentinels:
                await sentinel.aclose(close_connection_pool=True)
