"""How much one batch takes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.flow.advancing.standing import FULL_FILL

#: To check so many segments costs no more than the rest of the work for an event.
_LIGHT = 20


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one batch takes, over all its partitions: enough that its fixed cost, twenty statements, is small."""

    events: int = 2500
    events_only_of: int | None = None  # a partition; the others are just locked, for its merges
    timers: int = 1000
    outcomes: int = 1000
    appointments: int = 500
    crowd: int = 4000  # appointments among which crowds are looked for, some 100 µs each
    customers: int = FULL_FILL  # looked at after a publication that watches something else

    def beside(self, segments: int) -> Limits:
        """With fewer events where there are many segments to check for each: a transaction must not take too long."""
        if segments <= _LIGHT or not self.events:
            return self
        return replace(self, events=max(1, self.events * _LIGHT // segments))
