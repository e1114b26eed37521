"""What one rendering may cost. A template that asks for more is stopped, whoever wrote it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic, thread_time
from typing import Any

MAX_STEPS = 100_000  # loop rounds, calls, includes
MAX_TEXT = 256 * 1024  # code points of one text inside an expression
MAX_WORK = 8 * 1024 * 1024  # code points made by all expressions together
MAX_OUTPUT = 1024 * 1024  # code points of the whole result
MAX_ELEMENTS = 10_000  # of a list, with all that its elements hold
MAX_SECONDS = 0.25  # of work: a busy machine makes no template heavy
MAX_CALL_DEPTH = 40  # macros, includes and blocks inside each other


class BudgetExceeded(Exception):
    """The template asked for too much; the text says of what."""


@dataclass(slots=True)
class Budget:
    """One rendering's account. Never shared between threads."""

    strict: bool = False  # a missing variable is an error
    locale: str = "en"
    timezone: str = "UTC"
    currency: str | None = None  # of amounts that name none
    beside: object = None  # the `currency` of the event: of its amounts that name none
    now: datetime | None = None  # when the mail goes out; None: nothing in it may depend on that
    missing: set[str] = field(default_factory=set)  # paths that rendered empty
    ends_at: float = 0.0  # monotonic, when it may be over at the earliest; 0: MAX_SECONDS from now
    worked_until: float = 0.0  # of the thread's own time; 0: MAX_SECONDS from now
    steps: int = MAX_STEPS
    work: int = MAX_WORK
    depth: int = 0

    def __post_init__(self) -> None:
        self.ends_at = self.ends_at or monotonic() + MAX_SECONDS
        self.worked_until = self.worked_until or thread_time() + MAX_SECONDS

    def step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise BudgetExceeded(f"more than {MAX_STEPS:,} loop rounds and calls")
        if monotonic() > self.ends_at and thread_time() > self.worked_until:  # the first is cheap to ask
            raise BudgetExceeded("it takes too long")

    def charge(self, size: int) -> None:
        """Pay for a text of `size` code points, or a list of that many elements, before it is made."""
        if size > MAX_TEXT:
            raise BudgetExceeded(f"a text longer than {MAX_TEXT:,} characters")
        self.work -= size
        if self.work < 0:
            raise BudgetExceeded(f"more than {MAX_WORK:,} characters of work")

    def each(self, elements: Iterable[Any]) -> Iterator[Any]:
        for element in elements:
            self.step()
            yield element

    def enter(self) -> None:
        self.step()
        self.depth += 1
        if self.depth > MAX_CALL_DEPTH:
            raise BudgetExceeded(f"macros and includes more than {MAX_CALL_DEPTH} deep")

    def leave(self) -> None:
        self.depth -= 1


class _Active(threading.local):
    budget: Budget = Budget(strict=True)


_active = _Active()


def current_budget() -> Budget:
    """The account of the rendering that this thread is in."""
    return _active.budget


class spending:
    """`with spending(budget):` everything rendered inside is paid from it."""

    __slots__ = ("_before", "_budget")

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def __enter__(self) -> Budget:
        self._before = _active.budget
        _active.budget = self._budget
        return self._budget

    def __exit__(self, *_: object) -> None:
        _active.budget = self._before


def weigh(value: object) -> int:
    """How many elements a list or object holds, all levels, each as often as it is reached.

    A list that holds another one twice doubles at each level, so the walk stops at MAX_ELEMENTS.
    """
    weight, waiting = 0, [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            waiting.extend(each.values())
            weight += len(each)
        elif isinstance(each, Sequence) and not isinstance(each, str):
            waiting.extend(each)
            weight += len(each)
        if weight > MAX_ELEMENTS:
            raise BudgetExceeded(f"a list of more than {MAX_ELEMENTS:,} elements")
    return weight
