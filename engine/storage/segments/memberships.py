"""Who is in which segment: members only. Written by the partition's own batch only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson

from engine.core.model import Membership
from engine.storage.database import Connection


async def memberships_of(
    connection: Connection, partitions: Sequence[int], customers: Sequence[UUID]
) -> dict[UUID, dict[str, str]]:
    """Of customers given with their partitions, the hashes of definitions by segment: one probe of an index each. As a
    join it is sometimes planned as a sort of all memberships there are. A text for each customer costs a third of what
    a row for each membership does."""
    rows = await connection.fetch(
        """
        SELECT w.customer, m.hashes FROM unnest($1::smallint[], $2::uuid[]) AS w (partition, customer)
        CROSS JOIN LATERAL (
            SELECT json_object_agg(segment, definition)::text AS hashes FROM membership
            WHERE partition = w.partition AND customer = w.customer AND is_in
        ) m
        WHERE m.hashes IS NOT NULL
        """,
        partitions,
        customers,
    )
    return {customer: orjson.loads(hashes) for customer, hashes in rows}


async def insert_memberships(connection: Connection, rows: Sequence[tuple[int, UUID, Membership]]) -> None:
    """Partition, customer, membership, by COPY, which raises UniqueViolationError for one that exists:
    `save_memberships` is the careful way."""
    await connection.copy_records_to_table(
        "membership",
        columns=("partition", "customer", "segment", "definition", "is_in", "since"),
        records=[
            (partition, customer, row.segment, row.definition, row.is_in, row.since)
            for partition, customer, row in rows
        ],
    )


async def save_memberships(connection: Connection, rows: Sequence[tuple[int, UUID, Membership]]) -> None:
    """Partition, customer, membership; who is not in a segment has none."""
    gone = [each for each in rows if not each[2].is_in]
    kept = [each for each in rows if each[2].is_in]
    if gone:
        await connection.execute(
            """
            DELETE FROM membership m USING unnest($1::smallint[], $2::uuid[], $3::text[])
                AS g (partition, customer, segment)
            WHERE (m.partition, m.customer, m.segment) = (g.partition, g.customer, g.segment)
            """,
            *_places(gone),
        )
    if kept:
        await connection.execute(
            """
            INSERT INTO membership (partition, customer, segment, definition, is_in, since)
            SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[], $5::boolean[], $6::timestamptz[])
            ON CONFLICT (partition, customer, segment) DO UPDATE
            SET definition = excluded.definition, is_in = excluded.is_in, since = excluded.since
            """,
            *_places(kept),
            [row.definition for _, _, row in kept],
            [row.is_in for _, _, row in kept],
            [row.since for _, _, row in kept],
        )


def _places(rows: Sequence[tuple[int, UUID, Membership]]) -> tuple[list[int], list[UUID], list[str]]:
    return [each[0] for each in rows], [each[1] for each in rows], [each[2].segment for each in rows]


@dataclass(frozen=True, slots=True)
class Member:
    """One customer of a sample."""

    key: str
    email: str | None
    phone: str | None


async def segment_sizes(connection: Connection, definitions: Mapping[str, str]) -> dict[str, int]:
    """By name, of the definitions that are live."""
    rows = await connection.fetch(
        """
        SELECT d.segment, count(m.customer) FROM unnest($1::text[], $2::text[]) AS d (segment, definition)
        LEFT JOIN membership m ON m.segment = d.segment AND m.definition = d.definition AND m.is_in
        GROUP BY d.segment
        """,
        list(definitions),
        list(definitions.values()),
    )
    return {row[0]: row[1] for row in rows}


async def segment_sample(connection: Connection, segment: str, definition: str, *, limit: int) -> list[Member]:
    rows = await connection.fetch(
        """
        SELECT c.key, c.email, c.phone FROM membership m
        JOIN customer c ON c.partition = m.partition AND c.id = m.customer
        WHERE m.segment = $1 AND m.definition = $2 AND m.is_in LIMIT $3
        """,
        segment,
        definition,
        limit,
    )
    return [Member(*row) for row in rows]
