"""Goals that were reached, and the message that gets the credit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from engine.storage.database import Connection


class GoalEvent(NamedTuple):
    """When a customer met a goal, and by which events that could be."""

    partition: int
    customer: UUID
    at: datetime
    names: tuple[str, ...]


class ReachedGoal(NamedTuple):
    partition: int
    customer: UUID
    run: UUID
    event: UUID
    at: datetime
    revenue: Decimal | None
    currency: str | None


async def events_of_goals(
    connection: Connection, goals: Sequence[GoalEvent]
) -> dict[GoalEvent, tuple[UUID, dict[str, Any]]]:
    """Id and properties of the event of each."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT ON (g.place) g.place, e.id, e.body->'properties' AS properties
        FROM unnest($1::smallint[], $2::uuid[], $3::timestamptz[], $4::text[]) WITH ORDINALITY
            AS g (partition, customer, at, names, place)
        JOIN event e ON e.partition = g.partition AND e.customer = g.customer
            AND e.name = ANY(string_to_array(g.names, chr(31))) AND e.at = g.at
        ORDER BY g.place, e.id
        """,
        [each.partition for each in goals],
        [each.customer for each in goals],
        [each.at for each in goals],
        ["\x1f".join(each.names) for each in goals],
    )
    return {goals[row["place"] - 1]: (row["id"], row["properties"] or {}) for row in rows}


async def credit_messages(connection: Connection, goals: Sequence[ReachedGoal], credit: Sequence[str]) -> None:
    """Of all messages of the runs whose goal an event was: the last that was met with what counts most. `credit`:
    touches, the strongest first. An event counts once."""
    await connection.execute(
        """
        INSERT INTO conversion (partition, event, message, customer, touch, at, revenue, currency)
        SELECT DISTINCT ON (g.partition, g.event)
            g.partition, g.event, m.id, g.customer, t.touch, g.at, g.revenue, g.currency
        FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::numeric[], $7::text[])
            AS g (partition, customer, run, event, at, revenue, currency)
        JOIN message m ON m.partition = g.partition AND m.run = g.run AND m.state IN ('sent', 'unknown')
            AND m.channel NOT IN ('webhook', 'staff')
        CROSS JOIN LATERAL (
            SELECT r.kind AS touch, least(r.last_at, g.at) AS at FROM reaction r
            WHERE r.partition = m.partition AND r.message = m.id AND r.kind IN ('clicked', 'opened') AND r.at <= g.at
            UNION ALL
            SELECT 'sent', m.settled_at WHERE m.settled_at <= g.at
        ) AS t
        WHERE t.touch = ANY($8::text[])
        ORDER BY g.partition, g.event, array_position($8::text[], t.touch), t.at DESC, m.id
        ON CONFLICT (partition, event) DO NOTHING
        """,
        *map(list, zip(*goals, strict=True)),
        list(credit),
    )
