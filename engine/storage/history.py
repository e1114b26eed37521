"""What a customer did before this batch: decided events only, so that a replay sees what the first reading saw."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.storage.cursors import Cursor
from engine.storage.database import Connection


async def newest_times(
    connection: Connection, customers: Sequence[tuple[UUID, Cursor]], names: Collection[str]
) -> list[tuple[UUID, str, datetime]]:
    """Customer, event name and the newest time of it, up to the customer's cursor. One index probe a pair."""
    rows = await connection.fetch(
        """
        SELECT c.customer, n.name, h.at
        FROM unnest($1::uuid[], $2::xid8[], $3::bigint[]) AS c (customer, xid, seq)
        CROSS JOIN unnest($4::text[]) AS n (name)
        CROSS JOIN LATERAL (
            SELECT e.at FROM event e
            WHERE e.customer = c.customer AND e.name = n.name AND (e.xid, e.seq) <= (c.xid, c.seq)
            ORDER BY e.at DESC LIMIT 1
        ) h
        """,
        [customer for customer, _ in customers],
        [cursor.xid for _, cursor in customers],
        [cursor.seq for _, cursor in customers],
        list(names),
    )
    return [(row[0], row[1], row[2]) for row in rows]


def by_customer(rows: Sequence[tuple[UUID, str, datetime]]) -> Mapping[UUID, dict[str, datetime]]:
    """Keeps the newest of equal names."""
    found: dict[UUID, dict[str, datetime]] = {}
    for customer, name, at in rows:
        seen = found.setdefault(customer, {})
        if name not in seen or seen[name] < at:
            seen[name] = at
    return found


async def events_since(
    connection: Connection, customer: UUID, cursor: Cursor, *, since: datetime, names: Collection[str]
) -> list[Any]:
    """Decided events of these names with their bodies, in the order of their own times, as rows of the queue."""
    return await connection.fetch(
        """
        SELECT partition, xid, seq, id, customer, kind, name, at, received_at, body FROM event
        WHERE customer = $1 AND name = ANY($2::text[]) AND at >= $3 AND (xid, seq) <= ($4, $5)
        ORDER BY at
        """,
        customer,
        list(names),
        since,
        cursor.xid,
        cursor.seq,
    )
