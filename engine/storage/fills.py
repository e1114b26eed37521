"""How far each partition has looked at its customers since the last publication that watches something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from engine.storage.cursors import Cursor
from engine.storage.database import Connection

_BEFORE_ALL = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Slice:
    """The next customers of a partition, in the order of their ids. `filled_to` None: they are the last."""

    partition: int
    customers: tuple[UUID, ...]
    filled_to: UUID | None


def is_unfilled(cursor: Cursor, standing: str) -> bool:
    return cursor.standing != standing or cursor.filled_to is not None


async def next_slices(connection: Connection, cursors: Sequence[Cursor], standing: str, *, limit: int) -> list[Slice]:
    """At most `limit` customers of each partition that is not filled. Begins anew when something else is watched."""
    rows = await connection.fetch(
        """
        SELECT w.partition, c.id, c.merged_into IS NULL
        FROM unnest($1::smallint[], $2::uuid[]) AS w (partition, filled_to)
        CROSS JOIN LATERAL (
            SELECT id, merged_into FROM customer WHERE customer.partition = w.partition AND customer.id > w.filled_to
            ORDER BY customer.id LIMIT $3
        ) c
        """,
        [cursor.partition for cursor in cursors],
        [(cursor.filled_to or _BEFORE_ALL) if cursor.standing == standing else _BEFORE_ALL for cursor in cursors],
        limit,
    )
    found: dict[int, list[tuple[UUID, bool]]] = {cursor.partition: [] for cursor in cursors}
    for partition, customer, is_own in rows:
        found[partition].append((customer, is_own))
    return [
        Slice(
            partition,
            tuple(customer for customer, is_own in each if is_own),
            each[-1][0] if len(each) >= limit else None,
        )
        for partition, each in found.items()
    ]


async def save_fills(connection: Connection, slices: Sequence[Slice], standing: str) -> None:
    """Of partitions whose cursors are locked."""
    await connection.execute(
        """
        UPDATE partition_cursor c SET standing = $3, filled_to = s.filled_to
        FROM unnest($1::smallint[], $2::uuid[]) AS s (partition, filled_to) WHERE c.partition = s.partition
        """,
        [each.partition for each in slices],
        [each.filled_to for each in slices],
        standing,
    )


async def filled_share(connection: Connection, standing: str) -> float:
    """How much of all customers was looked at, 0 to 1: their ids are hashes, so the last one looked at tells."""
    rows = await connection.fetch("SELECT standing, filled_to FROM partition_cursor")
    shares = [
        (filled_to.int / 2**128 if filled_to is not None else 1.0) if found == standing else 0.0
        for found, filled_to in rows
    ]
    return sum(shares) / len(shares) if shares else 1.0
