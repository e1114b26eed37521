"""Who stands by: a batch costs much the same for one event as for hundreds, so workers that share what one can do cost
a multiple of it. The eldest hears all wake-ups; the others take what is late, the younger the later."""

from __future__ import annotations

import asyncio
from datetime import timedelta

#: How late something must be for the second worker to take it; for the third twice that, and so on.
_PATIENCE = timedelta(seconds=0.5)
_MOST_PATIENT = 10
_LOOK_AGAIN_S = 1.0


class Standby:
    """Of one worker. Only cost depends on it: places may be wrong for a while, or the same for two workers."""

    def __init__(self) -> None:
        self.place = 0  # among the live workers, by age

    @property
    def stands_by(self) -> bool:
        return self.place > 0

    @property
    def patience(self) -> timedelta:
        return min(self.place, _MOST_PATIENT) * _PATIENCE

    async def until_first(self) -> None:
        while self.stands_by:
            await asyncio.sleep(_LOOK_AGAIN_S)
