"""Which segments the customers of a batch are in."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from engine.core.model import Membership
from engine.storage.database import Connection


async def segments_of(
    connection: Connection, partitions: Sequence[int], customers: Sequence[UUID]
) -> dict[UUID, dict[str, Membership]]:
    """Of customers given with their partitions, by segment: one probe of an index each. As a join it is sometimes
    planned as a sort of all memberships there are."""
    rows = await connection.fetch(
        """
        SELECT m.* FROM unnest($1::smallint[], $2::uuid[]) AS w (partition, customer)
        CROSS JOIN LATERAL (
            SELECT customer, segment, definition, since FROM membership
            WHERE partition = w.partition AND customer = w.customer AND is_in OFFSET 0
        ) m
        """,
        partitions,
        customers,
    )
    found: dict[UUID, dict[str, Membership]] = {}
    for customer, segment, definition, since in rows:
        row = Membership(segment=segment, definition=definition, is_in=True, since=since)
        found.setdefault(customer, {})[segment] = row
    return found
