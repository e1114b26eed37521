"""When a lane looks for due timers. A look costs half a dozen statements, for one timer much the same as for hundreds:
made with each batch of events it would cost more than the events. So timers that fall due one after another come
together for half a second; a single one, on a quiet system, is found by whatever happens first."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

#: Between two looks. A timer is as much later at most.
TOGETHER_S = 0.5
#: So many in one look, and there will be more: the next one need not wait for the sweep.
_MANY = 16
#: So many in one look cost more than the batches of the events beside them should.
_BULK = 100


class TimerLooks:
    """Of one lane. It decides only about cost and lateness: the sweep finds every timer that is due."""

    def __init__(self) -> None:
        self._not_before = -inf  # by the clock of the event loop, in seconds
        self._is_wanted = False
        self.in_bulk = False  # the last look found hundreds
        self._passed_over: set[int] = set()  # partitions of batches that did not look

    def want(self) -> None:
        """The next batch looks, however soon it comes: something is known to be due."""
        self._is_wanted = True

    def begin(self, partitions: Iterable[int], now: float) -> tuple[frozenset[int], bool]:
        """The partitions of the next batch, and whether it looks for timers: then also where others have not."""
        chosen = set(partitions)
        if now < self._not_before and not self._is_wanted:
            self._passed_over |= chosen
            return frozenset(chosen), False
        chosen |= self._passed_over
        self._passed_over.clear()
        self._is_wanted, self._not_before = False, now + TOGETHER_S
        return frozenset(chosen), True

    def found(self, timers: int, *, more: bool) -> bool:
        """After a look: whether another one is worth while after TOGETHER_S, without anybody's call."""
        self.in_bulk = timers >= _BULK
        if timers and more:
            self.want()
        return timers >= _MANY
