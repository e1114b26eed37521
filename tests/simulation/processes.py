"""Processes that share nothing but the database, the provider and hints; each may die at any of its gates."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tests.simulation.server import Line

CURRENT: contextvars.ContextVar[Process] = contextvars.ContextVar("process")


class Died(BaseException):
    """Nothing of a dead process may go on; no handler of the engine takes this for its own trouble."""


@dataclass(eq=False)
class Process:
    """One life of one: what starts in its place is another."""

    name: str
    loop: asyncio.AbstractEventLoop
    is_dead: bool = False
    frozen_until: float = 0.0
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    answering: set[asyncio.Task[Any]] = field(default_factory=set)
    context: contextvars.Context = field(default_factory=contextvars.Context)
    mistakes: list[str] = field(default_factory=list)
    gates: int = 0
    claimed: dict[UUID, int] = field(default_factory=dict)  # attempts, and the director's step
    lines: list[Line] = field(default_factory=list)  # to the database, in its hands

    def __post_init__(self) -> None:
        self.context.run(CURRENT.set, self)

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        return self.loop.create_task(work, context=self.context)

    def answer(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """As `start`, for who waits for it: its errors are theirs."""
        task = self.start(work)
        self.answering.add(task)
        return task

    def die(self) -> None:
        self.is_dead = True
        for task in list(self.tasks):
            task.cancel()

    def owns(self, task: asyncio.Task[Any]) -> None:
        self.tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self.tasks.discard(task)
        if task in self.answering:
            self.answering.discard(task)
        elif not task.cancelled() and (error := task.exception()) is not None and not self.is_dead:
            self.mistakes.append(f"{self.name}: {error!r}")


def task_factory(
    loop: asyncio.AbstractEventLoop, work: Any, *, context: contextvars.Context | None = None
) -> asyncio.Task[Any]:
    """Every task belongs to the process that began it."""
    task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, context=context)
    process = context.get(CURRENT) if context is not None else CURRENT.get(None)
    if process is not None:
        process.owns(task)
    return task
