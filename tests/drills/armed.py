"""Processes that end at a failpoint, forked from one that has everything loaded."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

from api.server.process import run_api
from engine.config import Settings
from engine.failpoints import DRILL_VARIABLE, VARIABLE, arm
from engine.runtime import Runtime, open_runtime
from engine.waker import NullWaker
from engine.worker import run_worker
from tests.forking import start

#: What a process does, on a subject by its number. Named, since it is called in another process.
Operation: TypeAlias = Callable[[Runtime, int], Awaitable[Any]]

PATIENCE_S = 60


def worker(settings: Settings, *traps: str, **variables: str) -> Any:
    """A whole worker."""
    return start(_work, settings, _armed(traps) | variables)


def api(settings: Settings, *traps: str) -> Any:
    """A whole API server, on the port of its settings."""
    return start(_serve, settings, _armed(traps))


def operation(settings: Settings, operation: Operation, subject: int, *traps: str) -> Any:
    return start(_operate, settings, _armed(traps), operation, subject)


async def was_killed(process: Any) -> bool:
    """Waits for its end: whether that was at its failpoint."""
    await asyncio.to_thread(process.join, PATIENCE_S)
    code = process.exitcode
    process.kill()
    process.join()
    return bool(code == -signal.SIGKILL)


def kill_at(name: str) -> str:
    return f"{name}=kill"


def _armed(traps: Sequence[str]) -> dict[str, str]:
    return {VARIABLE: ";".join(traps), DRILL_VARIABLE: "1"}


def _work(settings: Settings, variables: dict[str, str]) -> None:
    os.environ.update(variables)
    run_worker(settings)


def _serve(settings: Settings, variables: dict[str, str]) -> None:
    os.environ.update(variables)
    run_api(settings)


def _operate(settings: Settings, variables: dict[str, str], operation: Operation, subject: int) -> None:
    os.environ.update(variables)
    arm(os.environ)
    asyncio.run(_with_runtime(settings, operation, subject))


async def _with_runtime(settings: Settings, operation: Operation, subject: int) -> None:
    async with open_runtime(settings, waker=NullWaker()) as runtime:
        await operation(runtime, subject)
