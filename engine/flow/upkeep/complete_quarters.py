"""Completes figures by the quarter of an hour for messages that are older than these figures, in the background."""

from __future__ import annotations

from engine.failpoints import reach
from engine.storage.database import Database
from engine.storage.reports.quarters import AT_ONCE, add_missing, missing_figures, next_hours


async def complete_quarters(database: Database, at_once: int = AT_ONCE) -> bool:
    """Complete those of the next few hours. False: all are complete. Of two calls at the same time, one adds."""
    async with database.connection() as connection:
        hours = await next_hours(connection, at_once)
        if hours is None:
            return False
        missing = await missing_figures(connection, hours)
    reach("quarters.counted")
    async with database.transaction() as connection:
        await add_missing(connection, hours, missing)
        reach("quarters.added")
    reach("quarters.committed")
    return True
