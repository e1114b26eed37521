"""Adds what changed in the figures of messages to their sums."""

from __future__ import annotations

from engine.failpoints import reach
from engine.storage.database import Database
from engine.storage.reports.figures import AT_ONCE, fold_changes

#: Of one call: what is left is folded by the next.
_MOST_ROUNDS = 100


async def fold_figures(database: Database) -> int:
    """Returns how many changes were added. Any number of calls may run at the same time, anywhere."""
    total = 0
    for _ in range(_MOST_ROUNDS):
        async with database.transaction() as connection:
            folded = await fold_changes(connection)
            reach("figures.folded")
        reach("figures.committed")
        total += folded
        if folded < AT_ONCE:
            break
    return total
