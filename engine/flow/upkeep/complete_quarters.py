"""Figures by the quarter of an hour of what there was before they were kept, completed beside everything else."""

from __future__ import annotations

from engine.failpoints import reach
from engine.storage.database import Database
from engine.storage.reports.quarters import AT_ONCE, add_missing, missing_figures, next_hours


async def complete_quarters(database: Database, at_once: int = AT_ONCE) -> bool:
    """Those of the next few hours. False: all are complete. Two at the same time count twice, and add once."""
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
