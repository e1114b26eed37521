"""Put what cannot even be read in quarantine, and step over it."""

from __future__ import annotations

import traceback

from engine.storage.cursors import lock_cursors, move_cursors
from engine.storage.database import Connection, Database
from engine.storage.outcomes import drop_first_outcome
from engine.storage.quarantine import Quarantined, quarantine
from engine.storage.queue import first_place
from engine.storage.runs import end_first_due


async def set_aside(database: Database, partition: int, error: Exception, *, event: bool) -> None:
    """The first event of a partition (or else its first outcome and due timer), which failed alone and again."""
    async with database.transaction() as connection:
        if event:
            subjects = await _step_over(connection, partition)
        else:
            subjects = [await drop_first_outcome(connection, partition), await end_first_due(connection, partition)]
        entries = [
            Quarantined(
                what="event" if event else "run",
                subject=subject,
                rule="",
                tries=1,
                reason=f"{type(error).__name__}: {error}",
                detail="".join(traceback.format_exception(error)),
            )
            for subject in subjects
            if subject
        ]
        if entries:
            await quarantine(connection, entries)


async def _step_over(connection: Connection, partition: int) -> list[str | None]:
    cursors = await lock_cursors(connection, [partition], wait=True)
    place = await first_place(connection, cursors[0])
    if place is None:
        return []
    xid, seq, received_at, event = place
    await move_cursors(connection, [(cursors[0], cursors[0].at(xid, seq, received_at))])
    return [str(event)]
