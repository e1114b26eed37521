"""How a lane goes about its batches: how many partitions one takes, and how long events come together for the next."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import islice
from math import inf

from engine.flow.advancing.advance_partition import Progress

#: How soon a partition is looked at again that another worker has, or whose events wait for an open transaction.
AGAIN_S = 0.01
#: A batch has a fixed cost of some 10 ms of CPU, most of it round trips, so under load events come together for the
#: next one: from the beginning of one batch to that of the next some 40 ms at 1,000 events a second, a fifth of a
#: second from 3,500 on, and from 5,000 on until there are enough of them. Counted from the end they would wait while
#: nobody has anything to do.
_GATHER_S, _GATHER_FOR_EACH_S, _GATHER_AT_MOST_S = 0.03, 0.0005, 0.2
_ENOUGH = 1000  # events: more of them make a batch little cheaper
_FULL = 2000  # events: then the next batch begins at once
#: Of partitions that hold more than one batch takes, a batch locks so few at least.
_NARROWEST = 4
_WIDEST = 64  # from there on all that wait


@dataclass(frozen=True, slots=True)
class Turn:
    """One batch of a lane, by the clock of the event loop."""

    partitions: Collection[int]
    progress: Progress
    began: float
    ended: float

    @property
    def is_full(self) -> bool:
        return self.progress.events >= _FULL


class Pace:
    """Of one lane. It decides only about cost and lateness, never about what happens."""

    def __init__(self) -> None:
        self._width: int | None = None  # None: all that wait
        self._began = -inf  # the turn before

    def choose(self, pending: Iterable[int]) -> list[int]:
        """The partitions of the next batch: the first of those that wait.

        All of them, until there is more in them than it can decide. Then fewer and fewer, each with more of its events:
        it costs the same, and leaves the others free for other workers.
        """
        return list(islice(pending, self._width))

    def pause_s(self, turn: Turn, *, in_bulk: bool) -> float:
        """After each turn: how long the next one waits for more to come. `in_bulk`: so much falls due by the clock that
        events had better come with it."""
        gathered_s, self._began = turn.began - self._began, turn.began
        self._adapt(turn)
        progress = turn.progress
        if turn.is_full or self._width is not None or (progress and progress.more):
            return 0.0  # what it has left does not wait for what comes
        gather_s = min(_GATHER_S + progress.events * _GATHER_FOR_EACH_S, _GATHER_AT_MOST_S)
        if progress.events:
            gather_s = min(gather_s, gathered_s * _ENOUGH / progress.events)
        if in_bulk:
            gather_s = _GATHER_AT_MOST_S
        # While the batch was under way events have gathered already.
        return max(gather_s - (turn.ended - turn.began), 0.0 if progress else AGAIN_S)

    def _adapt(self, turn: Turn) -> None:
        if not turn.is_full:
            self._width = None if self._width is None or self._width * 2 >= _WIDEST else self._width * 2
        elif len(turn.progress.more) > len(turn.partitions) // 2:
            self._width = max(len(turn.partitions) // 2, _NARROWEST)
