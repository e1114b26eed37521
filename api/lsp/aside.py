"""A process of its own for what takes long: in a thread it would hold up every answer to a key stroke."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

T = TypeVar("T")

POLITENESS = 5  # of the process: whoever writes comes first, and a machine that builds is no reason to show nothing


class Aside:
    """Starts its process when it is first needed, and another when that one was killed."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns. In a thread when there can be no process."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._running_pool(), work)
        except (BrokenProcessPool, OSError):
            self.end()
            return await asyncio.to_thread(work)

    def end(self) -> None:
        """Also of work that is under way: the interpreter would wait for it before it exits."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
            for child in multiprocessing.active_children():
                child.kill()

    def _running_pool(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(max_workers=1, mp_context=context, initializer=_begin)
        return self._pool


def _begin() -> None:
    if hasattr(os, "nice"):
        os.nice(POLITENESS)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A server that is killed cannot say goodbye, and this process would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
