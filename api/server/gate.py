"""Back-pressure: whether more events may come in, decided from figures that are at most a second or two old."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

from engine.errors import Overloaded
from engine.storage.database import TROUBLE, Database
from engine.storage.events.backlog import BacklogState, backlog_state

EVERY_S = 1.0
RETRY_AFTER_S = (5, 120)  # at least, at most
_LOOKED_BACK = 15  # figures from which the pace of the workers is told


class BacklogGate:
    """Closed while the oldest undecided event is older than the setting allows."""

    def __init__(self, database: Database, max_age_s: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._max_age_s = max_age_s
        self._clock = clock
        self._ages: deque[tuple[float, float]] = deque(maxlen=_LOOKED_BACK)  # when, the age then
        self.state = BacklogState(0.0, 0)

    def check(self) -> None:
        if self.state.oldest_age_s > self._max_age_s:
            age = round(self.state.oldest_age_s)
            reason = f"events wait {age} seconds to be decided; start more workers"
            raise Overloaded(reason, self._opens_in_s(), short_of="workers")

    async def refresh(self) -> None:
        async with self._database.connection() as connection:
            self.state = await backlog_state(connection)
        self._ages.append((self._clock(), self.state.oldest_age_s))

    def _opens_in_s(self) -> int:
        """When the backlog is young enough again, if the workers go on as they do now."""
        least, most = RETRY_AFTER_S
        (first, age_then), (last, age_now) = self._ages[0], self._ages[-1]
        gained = age_then - age_now
        if gained <= 0:
            return most
        return round(min(max(least, (age_now - self._max_age_s) * (last - first) / gained), most))

    async def watch(self) -> None:
        """Until cancelled. A database that does not answer leaves the last figures: inserting will tell."""
        while True:
            try:
                async with asyncio.timeout(5):
                    await self.refresh()
            except TROUBLE:
                pass
            await asyncio.sleep(EVERY_S)
