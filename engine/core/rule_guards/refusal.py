"""The answer of a guard that says no."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from dsl import plan
from engine.core.conditions.program import RuleCode
from engine.core.model import Run
from engine.core.runs.draft import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A message is not sent. `ends` the run, or only skips this send."""

    reason: str
    line: int
    ends: bool


#: (draft, code, run at the send, the send) -> why not, or None.
Guard: TypeAlias = Callable[[Draft, RuleCode, Run, plan.Send], Refusal | None]
