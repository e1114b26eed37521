"""How many may talk to one provider at the same time. Service messages overtake, and one place is kept for them."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

#: Who holds a place for longer is stuck (a receiver that does not answer), and another may work beside it.
STUCK_S = 10.0
#: While others come and go, sooner: after so many times what they took, and no sooner than this.
_TIMES_THE_USUAL, _STUCK_BESIDE_OTHERS_S = 10, 0.5
_WEIGHT_OF_NEWEST = 0.1
#: With fewer places none is kept free: that would cost marketing too much.
_WORTH_KEEPING_ONE = 4


@dataclass(slots=True)
class Held:
    """A place that somebody has."""

    is_service: bool
    since: float
    is_lent_on: bool = False  # it got stuck, and its place was given to another
    timer: asyncio.TimerHandle | None = None


@dataclass(slots=True)
class Places:
    total: int
    stuck_s: float = STUCK_S
    stuck_beside_others_s: float = _STUCK_BESIDE_OTHERS_S
    _usual_s: float = 0.0  # how long a place was held lately
    _given_back_at: float = float("-inf")
    _held: int = 0
    _held_by_marketing: int = 0
    _lent: int = 0
    _service: deque[asyncio.Future[None]] = field(default_factory=deque)
    _marketing: deque[asyncio.Future[None]] = field(default_factory=deque)

    async def take(self, *, is_service: bool) -> Held:
        """Whoever takes one leaves it, whatever happens."""
        await self._wait(is_service=is_service)
        held = Held(is_service, asyncio.get_running_loop().time())
        self._look_after(held, self._patience_s())
        return held

    def leave(self, held: Held) -> None:
        if held.timer is not None:
            held.timer.cancel()
        self._given_back_at = asyncio.get_running_loop().time()
        if held.is_lent_on:
            self._lent -= 1
            return
        took = self._given_back_at - held.since
        self._usual_s += (took - self._usual_s) * (_WEIGHT_OF_NEWEST if self._usual_s else 1)
        self._give_back(is_service=held.is_service)

    def _may_take(self, *, is_service: bool) -> bool:
        kept = 1 if self.total >= _WORTH_KEEPING_ONE else 0
        return self._held < self.total and (is_service or self._held_by_marketing < self.total - kept)

    def _take(self, *, is_service: bool) -> None:
        self._held += 1
        self._held_by_marketing += not is_service

    async def _wait(self, *, is_service: bool) -> None:
        queue = self._service if is_service else self._marketing
        if not queue and self._may_take(is_service=is_service):
            self._take(is_service=is_service)
            return
        turn = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give_back(is_service=is_service)
            elif turn in queue:
                queue.remove(turn)
            raise

    def _give_back(self, *, is_service: bool) -> None:
        self._held -= 1
        self._held_by_marketing -= not is_service
        self._call_next()

    def _call_next(self) -> None:
        for queue, is_service in ((self._service, True), (self._marketing, False)):
            while queue and self._may_take(is_service=is_service):
                turn = queue.popleft()
                if not turn.done():
                    self._take(is_service=is_service)
                    turn.set_result(None)

    def _patience_s(self) -> float:
        return min(self.stuck_s, max(self.stuck_beside_others_s, self._usual_s * _TIMES_THE_USUAL))

    def _look_after(self, held: Held, after_s: float) -> None:
        held.timer = asyncio.get_running_loop().call_later(after_s, self._lend_if_stuck, held)

    def _lend_if_stuck(self, held: Held) -> None:
        """Lend the place of a stuck message to another. Not while all are slow: then it is the provider."""
        held_s = asyncio.get_running_loop().time() - held.since
        is_stuck = held_s >= self.stuck_s or self._given_back_at > held.since + self._patience_s() / 2
        if not is_stuck or self._lent >= max(1, self.total // 2):  # providers count connections too
            self._look_after(held, max(self._patience_s(), 0.01))
            return
        self._lent += 1
        held.is_lent_on = True
        self._give_back(is_service=held.is_service)
