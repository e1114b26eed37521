"""An event loop whose time is made: it asks what happens next whenever nothing is left to run."""

from __future__ import annotations

import asyncio
import functools
import os
import random
import selectors
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ParamSpec

Arguments = ParamSpec("Arguments")
Idle = Callable[[float | None], None]
_UNDER_WAY_S = 0.25  # real: what was said on a socket of this machine is there sooner, or will not come


class _AskingSelector(selectors.BaseSelector):
    """Waits for sockets only while `on_idle` is not set: else that decides whether to wait for them."""

    def __init__(self) -> None:
        self._real = selectors.DefaultSelector()
        self.on_idle: Idle | None = None
        self.hears_the_busy = True  # whether sockets are looked at while somebody can go on
        self._came: list[Any] = []

    def select(self, timeout: float | None = None) -> list[Any]:
        if self.on_idle is None:
            return self._real.select(timeout)
        if timeout == 0:
            return self._real.select(0) if self.hears_the_busy else []
        self._came = []
        self.on_idle(timeout)
        return self._came

    def wait(self, timeout_s: float) -> bool:
        """In real time. Whether something came; the loop gets it."""
        self._came = self._real.select(timeout_s)
        return bool(self._came)

    @property
    def has_others(self) -> bool:
        """Than the one by which threads and signals wake the loop."""
        return len(self._real.get_map()) > 1

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


class VirtualLoop(asyncio.SelectorEventLoop):
    """Everything runs in one thread, in an order that depends on nothing but what `on_idle` does."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.asking = _AskingSelector()
        super().__init__(self.asking)

    def time(self) -> float:
        return self.seconds

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        """Threads would end whenever they like."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future


class WorldLoop(VirtualLoop):
    """Nobody looks at sockets and timers as long as anybody can go on: a twentieth less for a world."""

    def __init__(self) -> None:
        super().__init__()
        self.asking.hears_the_busy = False

    def _run_once(self) -> None:
        if not self._ready:
            super()._run_once()
        while self._ready and not self._stopping:
            handle = self._ready.popleft()
            if not handle._cancelled:
                handle._run()


@contextmanager
def made_time_and_chance(loop: VirtualLoop, seed: int) -> Iterator[None]:
    """The clocks of this process that only go on are the loop's, and its random bytes come from the seed."""
    bytes_of = random.Random(f"bytes {seed}").randbytes
    monotonic, counter, urandom = time.monotonic, time.perf_counter, os.urandom
    time.monotonic, time.perf_counter, os.urandom = loop.time, loop.time, bytes_of
    try:
        yield
    finally:
        time.monotonic, time.perf_counter, os.urandom = monotonic, counter, urandom


def in_made_time(test: Callable[Arguments, Awaitable[None]]) -> Callable[Arguments, None]:
    """Whoever sleeps is awake at once, at the time that was asked for: how busy the machine is decides nothing.

    It may speak over sockets with itself, and with nobody who is busy elsewhere.
    """

    @functools.wraps(test)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        async def play() -> None:
            await test(*args, **kwargs)

        with asyncio.Runner(loop_factory=_HurryingLoop) as runner:
            runner.run(play())

    return run


class _HurryingLoop(VirtualLoop):
    def __init__(self) -> None:
        super().__init__()
        self.asking.on_idle = self._hurry

    def _hurry(self, timeout_s: float | None) -> None:
        if self.asking.has_others and self.asking.wait(_UNDER_WAY_S):
            return
        if timeout_s is None:
            raise RuntimeError("everybody waits, and nothing will wake them")
        self.seconds += timeout_s
