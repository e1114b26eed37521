"""A measured figure, its goal, and the machine it was measured on."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row: what was measured, the figure, and the goal it is held against."""

    what: str
    value: float
    unit: str
    goal: float | None = None  # None: published, not judged
    at_least: bool = True  # False: the goal is an upper bound
    detail: str = ""

    @property
    def is_met(self) -> bool | None:
        if self.goal is None:
            return None
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    @property
    def goal_text(self) -> str:
        return "" if self.goal is None else f"{'>=' if self.at_least else '<='} {short(self.goal)} {self.unit}"

    @property
    def verdict(self) -> str:
        return {None: "", True: "met", False: "**missed**"}[self.is_met]


def machine() -> str:
    processor = next(
        (line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor() or platform.machine(),
    )
    memory = psutil.virtual_memory().total / 2**30
    python = f"Python {platform.python_version()}"
    return f"{os.cpu_count()} cores ({processor}), {memory:.0f} GiB, {platform.system()}, {python}"


def short(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
