"""Since when people do not react any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from engine.storage.database import Connection


async def engaged_at(connection: Connection, places: Sequence[tuple[int, UUID]]) -> dict[UUID, datetime]:
    """The newest reaction of each customer, given with the partition, or the first message. Absent: none was sent."""
    rows = await connection.fetch(
        """
        SELECT w.customer, greatest(
            (SELECT max(r.last_at) FROM reaction r WHERE r.partition = w.partition AND r.customer = w.customer
             AND r.kind IN ('opened', 'clicked')),
            (SELECT m.created_at FROM message m WHERE m.partition = w.partition AND m.customer = w.customer
             AND m.state = 'sent' AND m.channel NOT IN ('webhook', 'staff') ORDER BY m.created_at LIMIT 1)
        ) FROM unnest($1::smallint[], $2::uuid[]) AS w (partition, customer)
        """,
        [partition for partition, _ in places],
        [customer for _, customer in places],
    )
    return {row[0]: row[1] for row in rows if row[1] is not None}
