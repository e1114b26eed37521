"""How far behind the workers are: cheap enough to ask every second."""

from __future__ import annotations

from dataclasses import dataclass

from engine.storage.database import Connection


@dataclass(frozen=True, slots=True)
class BacklogState:
    oldest_age_s: float  # of the oldest undecided event; 0 when all are decided
    partitions_behind: int


async def backlog_state(connection: Connection) -> BacklogState:
    """One index probe for each partition."""
    row = await connection.fetchrow(
        """
        SELECT coalesce(extract(epoch FROM now() - min(oldest.received_at)), 0)::float8, count(oldest.received_at)
        FROM partition_cursor c
        LEFT JOIN LATERAL (
            SELECT e.received_at FROM event e
            WHERE e.partition = c.partition AND (e.xid, e.seq) > (c.xid, c.seq)
              AND e.received_at >= least(c.floor, now() - interval '1 day')
            ORDER BY e.xid, e.seq LIMIT 1
        ) oldest ON true
        """
    )
    assert row is not None
    return BacklogState(max(0.0, row[0]), row[1])
