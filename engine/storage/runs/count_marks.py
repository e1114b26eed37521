"""Up to where events have counted for `3 times within …`. Written by the partition's own batch only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from engine.core.model import CountMark
from engine.storage.database import Connection


async def count_marks_of(
    connection: Connection, partitions: Sequence[int], customers: Sequence[UUID]
) -> dict[UUID, tuple[CountMark, ...]]:
    """By customer; these are given with their partitions."""
    rows = await connection.fetch(
        """
        SELECT m.* FROM unnest($1::smallint[], $2::uuid[]) AS w (partition, customer)
        CROSS JOIN LATERAL (
            SELECT customer, rule, key, at, used FROM count_mark
            WHERE partition = w.partition AND customer = w.customer OFFSET 0
        ) m
        """,
        partitions,
        customers,
    )
    found: dict[UUID, tuple[CountMark, ...]] = {}
    for row in rows:
        mark = CountMark(rule=row[1], key=row[2], at=row[3], used=row[4])
        found[row[0]] = (*found.get(row[0], ()), mark)
    return found


async def save_count_marks(connection: Connection, marks: Sequence[tuple[int, UUID, CountMark]]) -> None:
    """The newest of a customer, rule and key stands."""
    newest: dict[Any, tuple[int, UUID, CountMark]] = {(each[1], each[2].rule, each[2].key): each for each in marks}
    chosen = list(newest.values())
    await connection.execute(
        """
        INSERT INTO count_mark (partition, customer, rule, key, at, used)
        SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::integer[])
        ON CONFLICT (partition, customer, rule, key) DO UPDATE SET at = excluded.at, used = excluded.used
        """,
        [partition for partition, _, _ in chosen],
        [customer for _, customer, _ in chosen],
        [mark.rule for _, _, mark in chosen],
        [mark.key for _, _, mark in chosen],
        [mark.at for _, _, mark in chosen],
        [mark.used for _, _, mark in chosen],
    )
