"""A host that does not answer is left alone for a while, so that it holds up nothing but its own messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

#: So many failures in a row, and it rests for so long; then one message tries it.
FAILURES, REST_S = 3, 30.0
#: Remembered at once: the address of a push names any host that its customer likes.
MOST_HOSTS = 10_000


@dataclass(slots=True)
class HostRest:
    """One per process."""

    clock: Callable[[], float] = monotonic
    _failures: Counter[str] = field(default_factory=Counter)
    _rests_until: dict[str, float] = field(default_factory=dict)

    def is_resting(self, host: str) -> bool:
        """False once the rest is over, but only for the first caller: it tries the host while the others still wait."""
        until = self._rests_until.get(host)
        if until is None:
            return False
        if self.clock() < until:
            return True
        self._rests_until[host] = self.clock() + REST_S
        return False

    def answered(self, host: str) -> None:
        self._failures.pop(host, None)
        self._rests_until.pop(host, None)

    def failed(self, host: str) -> None:
        if host not in self._failures and len(self._failures) >= MOST_HOSTS:
            self.answered(next(iter(self._failures)))  # who failed first is asked again sooner than need be
        self._failures[host] += 1
        if self._failures[host] >= FAILURES:
            self._rests_until[host] = self.clock() + REST_S
