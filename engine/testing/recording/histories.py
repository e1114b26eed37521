"""What is stored of one customer, as a history to record a test from."""

from __future__ import annotations

from datetime import datetime

from engine.core.identity import customer_id, partition_of
from engine.storage.database import Connection
from engine.storage.events.replays import story_of
from engine.storage.events.stored import event_of
from engine.testing.recording.recorded import History
from engine.testing.simulation.simulating import customer_before


async def history_of(
    connection: Connection, key: str, *, since: datetime, until: datetime, partitions: int
) -> History | None:
    """Also of whom a customer was merged into; None: there is nobody."""
    wanted = customer_id(key)
    while True:
        row, rows = await story_of(connection, wanted, partition_of(wanted, partitions), until=until)
        if row is None:
            return None
        if row["merged_into"] is None:
            break
        wanted = row["merged_into"]
    events = [event_of(each) for each in rows]
    told_since = [event for event in events if event.received_at >= since]
    return History(customer=customer_before(row, told_since), events=events, since=since, until=until)
