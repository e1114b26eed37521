"""Tells the operator of promo pools that run low, before they run dry."""

from __future__ import annotations

import structlog

from engine.runtime import Runtime
from engine.storage.runs.promo_codes import free_codes, issued_pools

_log = structlog.get_logger(__name__)


class PoolWatch:
    """Of one worker: what was told of each pool. A pool whose state has not changed is not told of again."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}

    async def look(self, runtime: Runtime) -> dict[str, int]:
        """Pools that the live rules give codes of, with fewer free ones than they should have, and how many."""
        async with runtime.database.connection() as connection:
            wanted = await issued_pools(connection)
            free = await free_codes(connection, wanted) if wanted else {}
        low = {name: left for name, left in free.items() if left < wanted[name] or not left}
        states = {name: "promo_pool_low" if left else "promo_pool_dry" for name, left in low.items()}
        for name, state in sorted(states.items()):
            if self._told.get(name) != state:
                _log.warning(state, pool=name, left=low[name], low=wanted[name])
        for name in sorted(self._told.keys() - states.keys()):
            if name in free:
                _log.info("promo_pool_filled", pool=name)
        self._told = states
        return low
