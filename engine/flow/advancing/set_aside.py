"""Put what cannot even be read in quarantine, and step over it."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from engine.failpoints import reach
from engine.storage.database import Connection, Database
from engine.storage.events.cursors import Cursor, lock_cursors, move_cursors
from engine.storage.events.quarantine import Quarantined, quarantine
from engine.storage.events.queue import first_place
from engine.storage.rules.published import live_standing
from engine.storage.runs.appointments import call_off, first_due_appointment
from engine.storage.runs.bulk import fail_run, first_due
from engine.storage.runs.outcomes import delete_outcomes, first_outcome
from engine.storage.segments.fills import Slice, is_unfilled, next_slices, save_fills

What: TypeAlias = Literal["events", "timers", "outcomes", "appointments", "customers"]


_SUBJECTS: Mapping[What, Literal["event", "run", "customer"]] = {
    "events": "event", "timers": "run", "outcomes": "run", "appointments": "customer", "customers": "customer",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Suspect:
    """What a batch of one would take next. It is the same one as long as the partition's epoch is the same."""

    partition: int
    what: What
    epoch: int
    place: tuple[object, ...]  # of the event, timer, outcome, appointment or customer; empty: nothing waits


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
            what=_SUBJECTS[suspect.what],
            subject=str(subject),
            rule="",
            tries=tries,
            reason=f"{type(error).__name__}: {error}",
            detail="".join(traceback.format_exception(error)),
        )
        await quarantine(connection, [entry])
        reach("poison.written")
        return True


async def _look(connection: Connection, partition: int, what: What) -> tuple[Cursor, Suspect]:
    (cursor,) = await lock_cursors(connection, [partition], wait=True)
    place: tuple[object, ...] = ()
    if what == "events":
        place = await first_place(connection, cursor) or ()
    elif what == "timers":
        run = await first_due(connection, partition)
        place = (run,) if run else ()
    elif what == "outcomes":
        place = await first_outcome(connection, partition) or ()
    elif what == "appointments":
        place = await first_due_appointment(connection, partition) or ()
    else:
        place = await _first_unfilled(connection, cursor)
    return cursor, Suspect(partition, what, cursor.epoch, place)


async def _first_unfilled(connection: Connection, cursor: Cursor) -> tuple[object, ...]:
    """What is watched now, and the next customer to be looked at for it."""
    standing = await live_standing(connection)
    if not is_unfilled(cursor, standing):
        return ()
    found = (await next_slices(connection, [cursor], standing, limit=1))[0]
    return (standing, found.filled_to) if found.filled_to is not None else ()


async def _step_over(connection: Connection, cursor: Cursor, suspect: Suspect) -> tuple[object, Cursor]:
    """The id of what was stepped over, and the cursor after it. A run that lost its timer or verdict cannot go on."""
    match suspect.what, suspect.place:
        case "events", (int(xid), int(seq), datetime() as received_at, UUID() as event):
            return event, cursor.at(xid, seq, received_at)
        case "appointments", (UUID() as customer, *_):
            await call_off(connection, suspect.partition, customer)
            return customer, cursor
        case "customers", (str(standing), UUID() as customer):
            await save_fills(connection, [Slice(suspect.partition, (), customer)], standing)
            return customer, cursor
        case "outcomes", (UUID() as message, str(state), UUID() as run):
            await delete_outcomes(connection, [(suspect.partition, message, state)])
        case "timers", (UUID() as run,):
            pass
        case _:
            raise AssertionError(f"{suspect.what} have no place like {suspect.place}")
    await fail_run(connection, suspect.partition, run)
    return run, cursor
