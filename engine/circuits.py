"""Providers that are down, as this process knows them: after some outages in a row no message is handed to one any
more, until a single message finds that it is back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias

from engine.clock import monotonic

#: What opens and closes: a channel, or `push firebase` where a channel has a provider that others work beside.
CircuitName: TypeAlias = str

#: A channel, and whether it is the lane of its transactional messages.
Lane: TypeAlias = tuple[str, bool]

AFTER = 10
PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=5)
#: A day's limit may be raised before the day is over.
_LOOK_AGAIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """What kogda.yaml says of one provider."""

    after: int = AFTER
    pause: timedelta = PAUSE


def breaker_of(settings: Mapping[str, Any], channel: str) -> Breaker | None:
    """None: it is switched off."""
    provider = (settings.get("providers") or {}).get(channel) or {}
    written = provider.get("breaker", {})
    if written is None:
        return None
    return Breaker(written.get("after", AFTER), timedelta(seconds=written["pause"]) if "pause" in written else PAUSE)


@dataclass(slots=True)
class Circuits:
    """One per process. What is open is a row for all of them, which each looks up now and then."""

    open: dict[CircuitName, str] = field(default_factory=dict)  # and why
    claimed_at: float = float("-inf")  # when a claim last asked which may be tried again
    _outages: Counter[str] = field(default_factory=Counter)  # in a row

    def ended(self, name: CircuitName, outage: str | None, breaker: Breaker | None) -> bool:
        """After each hand-over. Whether the circuit is to be opened."""
        if outage is None:
            self._outages.pop(name, None)
            return False
        self._outages[name] += 1
        return breaker is not None and name not in self.open and self._outages[name] >= breaker.after


@dataclass(slots=True)
class FullLanes:
    """Lanes whose limits are reached: there is no use in looking into them before their time. One per process."""

    _until: dict[Lane, float] = field(default_factory=dict)

    def note(self, full: Mapping[Lane, timedelta]) -> None:
        now = monotonic()
        self._until |= {lane: now + min(wait.total_seconds(), _LOOK_AGAIN_S) for lane, wait in full.items()}

    @property
    def opens_in_s(self) -> float | None:
        """When the first of them is to be looked into again."""
        return max(min(self._until.values()) - monotonic(), 0.0) if self._until else None

    def now(self) -> list[Lane]:
        if not self._until:
            return []
        now = monotonic()
        self._until = {lane: until for lane, until in self._until.items() if until > now}
        return list(self._until)
