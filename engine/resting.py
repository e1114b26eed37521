"""A host, or a template, that fails again and again is left alone for a while: it holds up its own messages only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

#: So many failures in a row, and they rest for so long; then one message tries them.
FAILURES, REST_S = 3, 30.0
#: Remembered at once: the address of a push names any host that its customer likes.
MOST_KNOWN = 10_000


@dataclass(slots=True)
class Resting:
    """By name; in memory, so each process finds out by itself."""

    clock: Callable[[], float] = monotonic
    _failures: Counter[str] = field(default_factory=Counter)
    _rests_until: dict[str, float] = field(default_factory=dict)

    def is_resting(self, who: str) -> bool:
        """False once the rest is over, but only for the first caller, who tries while the others still wait."""
        until = self._rests_until.get(who)
        if until is None:
            return False
        if self.clock() < until:
            return True
        self._rests_until[who] = self.clock() + REST_S
        return False

    def answered(self, who: str) -> None:
        self._failures.pop(who, None)
        self._rests_until.pop(who, None)

    def failed(self, who: str) -> None:
        if who not in self._failures and len(self._failures) >= MOST_KNOWN:
            self.answered(next(iter(self._failures)))  # who failed first is asked again sooner than need be
        self._failures[who] += 1
        if self._failures[who] >= FAILURES:
            self._rests_until[who] = self.clock() + REST_S
