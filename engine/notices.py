"""Things that are worth a line in the log, but not one for each time they happen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

EVERY_S = 60.0


@dataclass(slots=True)
class Notices:
    """One per process."""

    clock: Callable[[], float] = monotonic
    _counts: Counter[str] = field(default_factory=Counter)
    _told_at: dict[str, float] = field(default_factory=dict)

    def add(self, what: str, times: int) -> int:
        """How often it happened since it was last told; 0 while that is less than a minute ago."""
        self._counts[what] += times
        now = self.clock()
        if not self._counts[what] or now - self._told_at.get(what, float("-inf")) < EVERY_S:
            return 0
        self._told_at[what] = now
        return self._counts.pop(what)
