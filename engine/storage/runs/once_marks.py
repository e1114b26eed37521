"""What `once per` counts from. Written by the partition's own batch only, so a reservation is exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from engine.core.model import OnceMark
from engine.storage.database import Connection


async def marks_of_customers(
    connection: Connection, partitions: Sequence[int], customers: Sequence[UUID]
) -> list[tuple[UUID, OnceMark]]:
    """Each mark with its customer; these are given with their partitions."""
    rows = await connection.fetch(
        """
        SELECT m.* FROM unnest($1::smallint[], $2::uuid[]) AS w (partition, customer)
        CROSS JOIN LATERAL (
            SELECT customer, rule, key, run, at FROM once_mark
            WHERE partition = w.partition AND customer = w.customer OFFSET 0
        ) m
        """,
        partitions,
        customers,
    )
    return [(row[0], OnceMark(rule=row[1], key=row[2], run=row[3], at=row[4])) for row in rows]


async def save_marks(connection: Connection, marks: Sequence[tuple[int, UUID, OnceMark]]) -> None:
    """The newest reservation of a customer, rule and key stands."""
    newest: dict[Any, tuple[int, UUID, OnceMark]] = {(each[1], each[2].rule, each[2].key): each for each in marks}
    chosen = list(newest.values())
    await connection.execute(
        """
        INSERT INTO once_mark (partition, customer, rule, key, run, at)
        SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::timestamptz[])
        ON CONFLICT (partition, customer, rule, key) DO UPDATE SET run = excluded.run, at = excluded.at
        """,
        [partition for partition, _, _ in chosen],
        [customer for _, customer, _ in chosen],
        [mark.rule for _, _, mark in chosen],
        [mark.key for _, _, mark in chosen],
        [mark.run for _, _, mark in chosen],
        [mark.at for _, _, mark in chosen],
    )


async def release_marks(connection: Connection, released: Sequence[tuple[int, UUID, UUID]]) -> None:
    """Take back the marks of runs whose message was never sent: partition, customer, run."""
    await connection.execute(
        """
        DELETE FROM once_mark m USING unnest($1::smallint[], $2::uuid[], $3::uuid[]) AS r (partition, customer, run)
        WHERE m.partition = r.partition AND m.customer = r.customer AND m.run = r.run
        """,
        [partition for partition, _, _ in released],
        [customer for _, customer, _ in released],
        [run for _, _, run in released],
    )


async def hand_marks_over(connection: Connection, partition: int, customer: UUID, heirs: Mapping[UUID, UUID]) -> None:
    """What a run has reserved belongs to the one that goes on in its place."""
    await connection.execute(
        """
        UPDATE once_mark m SET run = h.heir FROM unnest($3::uuid[], $4::uuid[]) AS h (run, heir)
        WHERE m.partition = $1 AND m.customer = $2 AND m.run = h.run
        """,
        partition,
        customer,
        list(heirs.keys()),
        list(heirs.values()),
    )
