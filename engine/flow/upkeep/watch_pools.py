"""Tells the operator of promo pools that run low, before they run dry."""

from __future__ import annotations

import structlog

from engine.runtime import Runtime
from engine.storage.runs.promo_codes import free_codes, live_pools

_log = structlog.get_logger(__name__)


async def watch_pools(runtime: Runtime) -> dict[str, int]:
    """Pools of the live workspace with fewer free codes than they should have, and how many. Each is told of at most
    once a minute by this process."""
    async with runtime.database.connection() as connection:
        wanted = await live_pools(connection)
        free = await free_codes(connection, wanted) if wanted else {}
    low = {name: left for name, left in free.items() if left < wanted[name]}
    for name, left in sorted(low.items()):
        if runtime.notices.add(f"promo pool {name}", 1):
            _log.warning("promo_pool_low" if left else "promo_pool_dry", pool=name, left=left, low=wanted[name])
    return low
