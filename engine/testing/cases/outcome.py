"""What became of a test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from dsl.diagnostics import Diagnostic
from dsl.source import Source

Status: TypeAlias = Literal["passed", "failed", "todo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the timeline: expected and actual side by side. `is_right` None: nobody asked."""

    at: datetime  # in the customer's zone
    who: str
    expected: str = ""
    actual: str = ""
    is_right: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What is not as it was expected, at a line of the test (0: at none), and why as far as is known."""

    message: str
    line: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """A test that has mistakes of its own failed as well: they are in `diagnostics`."""

    source: Source
    title: str
    example: str  # the row of the table; "" without one
    line: int
    status: Status
    failures: tuple[Failure, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    rows: tuple[Row, ...] = ()
    seconds: float = 0.0

    @property
    def name(self) -> str:
        return f"{self.title} ({self.example})" if self.example else self.title
