"""How many may talk to one provider at the same time. Service messages overtake, and one place is kept for them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

#: Who holds a place for longer is stuck (a receiver that does not answer), and another may work beside it.
STUCK_S = 10.0
#: With fewer places none is kept free: that would cost marketing too much.
_WORTH_KEEPING_ONE = 4


@dataclass(slots=True)
class _Held:
    is_service: bool
    is_lent_on: bool = False  # it got stuck, and its place was given to another


@dataclass(slots=True)
class Places:
    total: int
    stuck_s: float = STUCK_S
    _held: int = 0
    _held_by_marketing: int = 0
    _lent: int = 0
    _service: deque[asyncio.Future[None]] = field(default_factory=deque)
    _marketing: deque[asyncio.Future[None]] = field(default_factory=deque)

    @asynccontextmanager
    async def taken(self, *, is_service: bool) -> AsyncIterator[None]:
        await self._wait(is_service=is_service)
        held = _Held(is_service)
        timer = asyncio.get_running_loop().call_later(self.stuck_s, self._lend, held)
        try:
            yield
        finally:
            timer.cancel()
            if held.is_lent_on:
                self._lent -= 1
            else:
                self._give_back(is_service=is_service)

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

    def _lend(self, held: _Held) -> None:
        """At most half as many again: providers count connections too."""
        if self._lent < max(1, self.total // 2):
            self._lent += 1
            held.is_lent_on = True
            self._give_back(is_service=held.is_service)
