"""What a worker has done since it began, for /metrics: it travels with the heartbeat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counts:
    """One per process. They only grow."""

    attempts: Counter[str] = field(default_factory=Counter)  # hand-overs and refusals of guards, by what became of them
    decided: Counter[str] = field(default_factory=Counter)  # events, timers, outcomes, messages

    def attempted(self, states: Iterable[str] | Mapping[str, int]) -> None:
        self.attempts.update(states)

    def as_json(self) -> dict[str, dict[str, int]]:
        return {"attempts": dict(self.attempts), "decided": dict(self.decided)}
