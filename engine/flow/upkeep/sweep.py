"""The guarantee behind every wake-up: look into the database for what waits. Cheap when nothing does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from engine.failpoints import reach
from engine.flow.delivery.circuits import look_up
from engine.runtime import Runtime
from engine.storage.delivery.lanes import WITH_LANES

_NOT_AT_ALL = timedelta()


@dataclass(frozen=True, slots=True)
class Waiting:
    partitions: frozenset[int]  # with undecided events, due timers, appointments, outcomes, or customers to look at
    messages: bool  # due, or stuck in a hand-over whose deadline has passed

    def __bool__(self) -> bool:
        return self.messages or bool(self.partitions)


async def find_waiting(runtime: Runtime, late: timedelta = _NOT_AT_ALL) -> Waiting:
    """What waits for so long at least. A few index probes a partition. Also learns which providers are down."""
    async with runtime.database.connection() as connection:
        rows = await connection.fetch(_WAITING, late)
        await look_up(connection, runtime)
    found = {row[0] for row in rows}
    reach("sweep.found")
    return Waiting(frozenset(found - {_DELIVERY}), _DELIVERY in found)


_DELIVERY = -1
_WAITING = f"""{WITH_LANES}
    SELECT c.partition FROM partition_cursor c
    WHERE (SELECT e.received_at FROM event e WHERE e.partition = c.partition AND (e.xid, e.seq) > (c.xid, c.seq)
           AND e.received_at >= least(c.floor, now() - interval '1 day')
           ORDER BY e.xid, e.seq LIMIT 1) <= now() - $1::interval
       OR EXISTS (SELECT FROM run r WHERE r.partition = c.partition AND r.wake_at <= now() - $1::interval)
       OR EXISTS (SELECT FROM outcome o WHERE o.partition = c.partition AND ($1 = interval '0' OR o.at <= now() - $1))
       OR EXISTS (SELECT FROM appointment a WHERE a.partition = c.partition AND a.at <= now() - $1::interval)
       OR c.filled_to IS NOT NULL OR c.standing <> (
           SELECT r.standing FROM publication p JOIN rule_set r ON r.id = p.rule_set ORDER BY p.id DESC LIMIT 1)
    UNION ALL
    SELECT -1 WHERE EXISTS (SELECT FROM lane CROSS JOIN LATERAL (
                     SELECT FROM message WHERE state = 'queued' AND channel = lane.channel
                       AND transactional = lane.transactional AND due_at <= now() - $1::interval LIMIT 1
                 ) waiting)
                 OR EXISTS (SELECT FROM message WHERE state = 'sending' AND deadline < now())
"""  # noqa: S608 -- a constant in a constant
