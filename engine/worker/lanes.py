"""The two lanes of a worker: deciding and delivering. Each is one loop, so wake-ups that arrive meanwhile gather and
are served together by its next turn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import structlog
from prometheus_client import Counter, Histogram

from engine.errors import NothingPublished
from engine.failpoints import reach
from engine.flow.advancing.advance_partition import Progress, advance_partitions
from engine.runtime import Runtime
from engine.worker.pace import AGAIN_S, Pace, Turn
from engine.worker.standby import Standby
from engine.worker.timer_looks import TOGETHER_S, TimerLooks

_EVENTS = Counter("kogda_events_decided_total", "Events decided")
_MESSAGES = Counter("kogda_messages_decided_total", "Messages that decisions made")
_FAILURES = Counter("kogda_lane_failures_total", "Turns of a lane that failed and will be tried again", ["lane"])
_BATCH = Histogram("kogda_batch_seconds", "Time of one batch", buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2))

#: Under load so many full batches in a row skip wake-ups, a tenth of their cost: there is always a next batch.
_UNHEARD = 7
_AGAIN_AT_MOST_S = 0.5
#: Between two turns of delivery: a claim costs the same for one message as for hundreds, so under load they gather.
#: In lengths of the turn before, which is short on a quiet system.
_REST = 5
_REST_AT_MOST_S = 0.1
_log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class _Caller:
    """Waits until each of these partitions was in a batch that began after the call."""

    left: set[int]
    ended: asyncio.Future[None]

    def note(self, partitions: Iterable[int]) -> None:
        """After a batch of these."""
        self.left.difference_update(partitions)
        if not self.left:
            self.release()

    def release(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


class AdvanceLane:
    """Decides the partitions it is told of: all that wait in one batch, or under load some after the others."""

    def __init__(self, runtime: Runtime, standby: Standby | None = None, *, looks: TimerLooks | None = None) -> None:
        self._runtime = runtime
        self._standby = standby or Standby()
        self._looks = looks or TimerLooks()
        self._pending: dict[int, None] = {}  # as they came
        self._pace = Pace()
        self._callers: set[_Caller] = set()
        self._turn: asyncio.Task[None] | None = None
        self._delays: dict[int, float] = {}  # how long a partition could not be read, so far
        self._next_look: asyncio.TimerHandle | None = None
        self._closed = False

    def wake(self, partitions: Iterable[int], *, timers: bool = False) -> None:
        """`timers`: timers of some of these partitions are known to be due."""
        self._add(partitions)
        if timers:
            self._looks.want()
        if self._pending and not self._closed and (self._turn is None or self._turn.done()):
            self._turn = asyncio.create_task(self._run())

    async def advance(self, partitions: Iterable[int]) -> None:
        """Returns when batches that read these partitions have ended, well or not. Others may follow them at once."""
        if self._closed:
            return
        caller = _Caller(set(partitions), asyncio.get_running_loop().create_future())
        self._callers.add(caller)
        self.wake(caller.left)
        try:
            await caller.ended
        finally:
            self._callers.discard(caller)

    async def close(self) -> None:
        """The batch under way is finished; what is pending is left to others."""
        self._closed = True
        if self._turn is not None:
            await asyncio.wait([self._turn])

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        unheard = 0  # batches in a row that left wake-ups waiting
        try:
            while self._pending and not self._closed:
                began = loop.time()
                partitions, looks = self._looks.begin(self._pace.choose(self._pending), began)
                self._pending = {each: None for each in self._pending if each not in partitions}
                callers = tuple(self._callers)
                progress = await self._batch(partitions, hears=not unheard, looks=looks)
                for caller in callers:
                    caller.note(partitions)
                if unheard:
                    self._add(partitions)  # nobody wakes us for them until we have heard again
                turn = Turn(partitions, progress, began, loop.time())
                unheard = unheard + 1 if turn.is_full and unheard < _UNHEARD else 0
                pause = self._pace.pause_s(turn, in_bulk=self._looks.in_bulk)
                if self._pending and not self._closed:
                    await asyncio.sleep(pause)
        finally:
            for caller in self._callers:
                caller.release()

    async def _batch(self, partitions: frozenset[int], *, hears: bool, looks: bool) -> Progress:
        began = time.perf_counter()
        try:
            if hears:
                await self._runtime.waker.begin(partitions)
                reach("wake.begun")
            progress = await advance_partitions(self._runtime, partitions, timers=looks)
        except NothingPublished:
            return Progress()  # the sweep comes back to it
        except Exception as error:
            _FAILURES.labels("advance").inc()
            _log.warning("advance_failed", error=repr(error), partitions=len(partitions))
            return Progress()
        _BATCH.observe(time.perf_counter() - began)
        self._follow(partitions, progress)
        if looks and self._looks.found(progress.timers, more=bool(progress.more)):
            self._look_again(partitions)
        return progress

    def _add(self, partitions: Iterable[int]) -> None:
        self._pending.update(dict.fromkeys(partitions))

    def _look_again(self, partitions: frozenset[int]) -> None:
        if self._next_look is not None:
            self._next_look.cancel()
        self._next_look = asyncio.get_running_loop().call_later(TOGETHER_S, self.wake, partitions)

    def _follow(self, partitions: frozenset[int], progress: Progress) -> None:
        _EVENTS.inc(progress.events)
        _MESSAGES.inc(progress.messages)
        decided = {"events": progress.events, "timers": progress.timers, "outcomes": progress.outcomes}
        self._runtime.counts.decided.update({**decided, "messages": progress.messages})
        self._add(sorted(progress.more))
        # Partitions that another worker holds are left to it, unless this is the eldest: others may stop at any time.
        late = progress.held if self._standby.stands_by else progress.held | progress.busy
        for partition in (partitions - late) | progress.moved:
            self._delays.pop(
                partition, None
            )  # where events move on, it is traffic that holds them up, not one slow writer
        for partition in late:
            delay = self._delays.get(partition, AGAIN_S / 2) * 2
            if delay <= _AGAIN_AT_MOST_S:  # beyond that the sweep is soon enough
                self._delays[partition] = delay
                asyncio.get_running_loop().call_later(delay, self.wake, (partition,))


class AdvanceLanes:
    """Two lanes for one process, each with half of the partitions: while one waits for the database, the other
    decides."""

    def __init__(self, runtime: Runtime, standby: Standby) -> None:
        self._lanes = (AdvanceLane(runtime, standby), AdvanceLane(runtime, standby))

    def wake(self, partitions: Iterable[int], *, timers: bool = False) -> None:
        for lane, share in self._shares(partitions):
            lane.wake(share, timers=timers)

    async def advance(self, partitions: Iterable[int]) -> None:
        await asyncio.gather(*(lane.advance(share) for lane, share in self._shares(partitions)))

    async def close(self) -> None:
        await asyncio.gather(*(lane.close() for lane in self._lanes))

    def _shares(self, partitions: Iterable[int]) -> list[tuple[AdvanceLane, list[int]]]:
        shares: tuple[list[int], list[int]] = ([], [])
        for partition in partitions:
            shares[partition % 2].append(partition)
        return [(lane, share) for lane, share in zip(self._lanes, shares, strict=True) if share]


class More(Protocol):
    """What one turn of delivery answers."""

    @property
    def more(self) -> bool: ...


#: One turn of delivery: claim, render, hand over, settle.
Deliver: TypeAlias = Callable[[Runtime], Awaitable[More]]


class DeliverLane:
    """Hands over due messages until none is left."""

    def __init__(self, runtime: Runtime, deliver: Deliver) -> None:
        self._runtime = runtime
        self._deliver = deliver
        self._woken = False
        self._turn: asyncio.Task[None] | None = None
        self._closed = False

    def wake(self) -> None:
        self._woken = True
        if not self._closed and (self._turn is None or self._turn.done()):
            self._turn = asyncio.create_task(self._run())

    async def deliver(self) -> None:
        self.wake()
        if self._turn is not None:
            await asyncio.wait([self._turn])

    async def close(self) -> None:
        """Messages being handed over are settled; the others stay queued."""
        self._closed = True
        if self._turn is not None:
            await asyncio.wait([self._turn])

    async def _run(self) -> None:
        while self._woken and not self._closed:
            self._woken = False
            began = time.perf_counter()
            try:
                await self._runtime.waker.begin_delivery()
                progress = await self._deliver(self._runtime)
            except Exception as error:
                _FAILURES.labels("deliver").inc()
                _log.warning("delivery_failed", error=repr(error))
                continue
            if self._woken and not progress.more:
                await asyncio.sleep(min(_REST_AT_MOST_S, _REST * (time.perf_counter() - began)))
            self._woken = self._woken or progress.more
