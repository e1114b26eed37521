"""Outcomes: written when a message is settled, read and deleted by the next batch of the run's partition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from engine.core.model import Outcome
from engine.storage.database import Connection


async def read_outcomes(
    connection: Connection, partitions: Sequence[int], *, limit: int
) -> list[tuple[int, UUID, Outcome]]:
    """Partition, customer and outcome, oldest first."""
    rows = await connection.fetch(
        """
        SELECT partition, customer, message, run, state, at, reason, until, undeliverable FROM outcome
        WHERE partition = ANY($1::smallint[]) ORDER BY at LIMIT $2
        """,
        partitions,
        limit,
    )
    return [(row["partition"], row["customer"], _outcome(row)) for row in rows]


def _outcome(row: Any) -> Outcome:
    names = ("message", "run", "state", "at", "reason", "until", "undeliverable")
    return Outcome(**{name: row[name] for name in names})


async def delete_outcomes(connection: Connection, outcomes: Sequence[tuple[int, UUID, str]]) -> None:
    """By partition, message and the state that was read: a verdict that came meanwhile is left for the next batch."""
    await connection.execute(
        """
        DELETE FROM outcome o USING unnest($1::smallint[], $2::uuid[], $3::text[]) AS d (partition, message, state)
        WHERE o.partition = d.partition AND o.message = d.message AND o.state = d.state
        """,
        [partition for partition, _, _ in outcomes],
        [message for _, message, _ in outcomes],
        [state for _, _, state in outcomes],
    )


async def forward_outcomes(
    connection: Connection, outcomes: Sequence[tuple[int, UUID]], targets: Sequence[tuple[int, UUID]]
) -> None:
    """Outcomes of merged customers, given by partition and message, go where their runs went."""
    await connection.execute(
        """
        WITH gone AS (
            DELETE FROM outcome o USING unnest($1::smallint[], $2::uuid[], $3::smallint[], $4::uuid[])
                AS f (partition, message, target_partition, target)
            WHERE o.partition = f.partition AND o.message = f.message
            RETURNING f.target_partition, o.message, o.run, f.target, o.state, o.at, o.reason,
                o.until, o.undeliverable
        )
        INSERT INTO outcome (partition, message, run, customer, state, at, reason, until, undeliverable)
        SELECT * FROM gone
        ON CONFLICT (partition, message) DO NOTHING
        """,
        [partition for partition, _ in outcomes],
        [message for _, message in outcomes],
        [partition for partition, _ in targets],
        [target for _, target in targets],
    )


async def first_outcome(connection: Connection, partition: int) -> tuple[UUID, str, UUID] | None:
    """Message, state and run of the oldest outcome of a partition."""
    row = await connection.fetchrow(
        "SELECT message, state, run FROM outcome WHERE partition = $1 ORDER BY at LIMIT 1", partition
    )
    return (row[0], row[1], row[2]) if row else None
