"""Back-pressure: whether more events may come in, decided from figures that are at most a second or two old."""

from __future__ import annotations

import asyncio

from engine.errors import Overloaded
from engine.storage.backlog import BacklogState, backlog_state
from engine.storage.database import TROUBLE, Database

EVERY_S = 1.0
RETRY_AFTER_S = 10


class BacklogGate:
    """Closed while the oldest undecided event is older than the setting allows."""

    def __init__(self, database: Database, max_age_s: float) -> None:
        self._database = database
        self._max_age_s = max_age_s
        self.state = BacklogState(0.0, 0)

    def check(self) -> None:
        if self.state.oldest_age_s > self._max_age_s:
            age = round(self.state.oldest_age_s)
            raise Overloaded(f"events wait {age} seconds to be decided; start more workers", RETRY_AFTER_S)

    async def refresh(self) -> None:
        async with self._database.connection() as connection:
            self.state = await backlog_state(connection)

    async def watch(self) -> None:
        """Until cancelled. A database that does not answer leaves the last figures: inserting will tell."""
        while True:
            try:
                async with asyncio.timeout(5):
                    await self.refresh()
            except TROUBLE:
                pass
            await asyncio.sleep(EVERY_S)
