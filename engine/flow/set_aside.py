"""Put what cannot even be read in quarantine, and step over it."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import Literal, TypeAlias
from uuid import UUID

from engine.storage.cursors import Cursor, lock_cursors, move_cursors
from engine.storage.database import Connection, Database
from engine.storage.outcomes import delete_outcomes, first_outcome
from engine.storage.quarantine import Quarantined, quarantine
from engine.storage.queue import first_place
from engine.storage.runs import fail_run, first_due

What: TypeAlias = Literal["events", "timers", "outcomes"]


@dataclass(frozen=True, slots=True)
class Suspect:
    """What a batch of one would take next. It is the same one as long as the partition's epoch is the same."""

    partition: int
    what: What
    epoch: int
    place: tuple[object, ...]  # of the event, timer or outcome; empty: nothing waits


async def find_suspect(database: Database, partition: int, what: What) -> Suspect:
    async with database.transaction() as connection:
        return (await _look(connection, partition, what))[1]


async def set_aside(database: Database, suspect: Suspect, error: Exception, *, tries: int) -> bool:
    """False when somebody was faster: what would be next now is not what failed."""
    async with database.transaction() as connection:
        cursor, found = await _look(connection, suspect.partition, suspect.what)
        if found != suspect or not found.place:
            return False
        subject, after = await _step_over(connection, cursor, suspect)
        await move_cursors(connection, [(cursor, after)])
        entry = Quarantined(
            what="event" if suspect.what == "events" else "run",
            subject=str(subject),
            rule="",
            tries=tries,
            reason=f"{type(error).__name__}: {error}",
            detail="".join(traceback.format_exception(error)),
        )
        await quarantine(connection, [entry])
        return True


async def _look(connection: Connection, partition: int, what: What) -> tuple[Cursor, Suspect]:
    (cursor,) = await lock_cursors(connection, [partition], wait=True)
    place: tuple[object, ...] = ()
    if what == "events":
        place = await first_place(connection, cursor) or ()
    elif what == "timers":
        run = await first_due(connection, partition)
        place = (run,) if run else ()
    else:
        place = await first_outcome(connection, partition) or ()
    return cursor, Suspect(partition, what, cursor.epoch, place)


async def _step_over(connection: Connection, cursor: Cursor, suspect: Suspect) -> tuple[object, Cursor]:
    """The id of what was stepped over, and the cursor after it. A run that lost its timer or verdict cannot go on."""
    if suspect.what == "events":
        xid, seq, received_at, event = suspect.place
        return event, cursor.at(xid, seq, received_at)  # type: ignore[arg-type]
    run = suspect.place[-1]
    assert isinstance(run, UUID)
    if suspect.what == "outcomes":
        message = suspect.place[0]
        assert isinstance(message, UUID)
        await delete_outcomes(connection, [(suspect.partition, message)])
    await fail_run(connection, suspect.partition, run)
    return run, cursor
