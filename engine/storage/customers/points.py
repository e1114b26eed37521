"""The points ledger and the balances that it adds up to."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from engine.core.effects import PointsEntry
from engine.storage.database import Connection


async def add_points(connection: Connection, entries: Sequence[tuple[int, UUID, PointsEntry]]) -> None:
    """Given with partition and customer. An entry that exists is left as it is, and changes no balance again."""
    await connection.execute(
        """
        WITH added AS (
            INSERT INTO points_entry (partition, id, customer, run, rule, amount, at)
            SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::bigint[],
                                 $7::timestamptz[])
            ON CONFLICT DO NOTHING
            RETURNING partition, customer, amount
        )
        UPDATE customer c SET points = c.points + a.amount
        FROM (SELECT partition, customer, sum(amount)::bigint AS amount FROM added GROUP BY partition, customer) a
        WHERE c.partition = a.partition AND c.id = a.customer
        """,
        [partition for partition, _, _ in entries],
        [entry.id for _, _, entry in entries],
        [customer for _, customer, _ in entries],
        [entry.run for _, _, entry in entries],
        [entry.rule for _, _, entry in entries],
        [entry.amount for _, _, entry in entries],
        [entry.at for _, _, entry in entries],
    )
