"""One customer after another of a partition, and who of them has been in a rule."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from engine.storage.database import Connection


async def customers_after(connection: Connection, partition: int, after: UUID | None, *, limit: int) -> list[UUID]:
    """In the order of their ids; `after` None: from the first."""
    rows = await connection.fetch(
        "SELECT id FROM customer WHERE partition = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3",
        partition,
        after,
        limit,
    )
    return [row[0] for row in rows]


async def count_customers(connection: Connection) -> int:
    found: int = await connection.fetchval("SELECT count(*) FROM customer")
    return found


async def runs_begun(
    connection: Connection, partition: int, customers: Sequence[UUID], rules: Collection[str]
) -> set[tuple[UUID, str]]:
    """Customer and rule of every run that there is or was."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT customer, rule FROM run
        WHERE partition = $1 AND customer = ANY($2::uuid[]) AND rule = ANY($3::text[])
        """,
        partition,
        list(customers),
        list(rules),
    )
    return {(row[0], row[1]) for row in rows}
