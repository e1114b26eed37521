"""Moments at which time alone starts something for a customer. Written by the partition's own batch only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from engine.core.model import Appointment, Errand
from engine.storage.database import Connection


async def appointments_of(
    connection: Connection, partitions: Sequence[int], customers: Sequence[UUID]
) -> dict[UUID, list[Appointment]]:
    """Of customers given with their partitions."""
    rows = await connection.fetch(
        """
        SELECT a.customer, a.errand, a.name, a.at, a.definition, a.occasion, a.done
        FROM unnest($1::smallint[], $2::uuid[]) AS w (partition, customer)
        CROSS JOIN LATERAL (
            SELECT * FROM appointment WHERE partition = w.partition AND customer = w.customer OFFSET 0
        ) a
        """,
        partitions,
        customers,
    )
    found: dict[UUID, list[Appointment]] = {}
    for customer, errand, name, at, definition, occasion, done in rows:
        made = Appointment(errand=errand, name=name, at=at, definition=definition, occasion=occasion, done=done)
        found.setdefault(customer, []).append(made)
    return found


class Due(NamedTuple):
    """Due appointments that differ only in their customers."""

    partition: int
    customers: list[UUID]
    errand: Errand
    name: str
    at: datetime
    definition: str
    occasion: str
    done: str


async def due_appointments(connection: Connection, horizons: Mapping[int, datetime], *, limit: int) -> list[Due]:
    """What is due at each partition's horizon, the oldest first, at most `limit` customers of each."""
    rows = await connection.fetch(
        """
        SELECT h.partition, array_agg(a.customer), a.errand, a.name, a.at, a.definition, a.occasion, a.done
        FROM unnest($1::smallint[], $2::timestamptz[]) WITH ORDINALITY AS h (partition, horizon, place)
        CROSS JOIN LATERAL (
            SELECT * FROM appointment a WHERE a.partition = h.partition AND a.at <= h.horizon ORDER BY a.at LIMIT $3
        ) a
        GROUP BY h.place, h.partition, a.errand, a.name, a.at, a.definition, a.occasion, a.done
        ORDER BY h.place, a.at
        """,
        list(horizons),
        list(horizons.values()),
        limit,
    )
    return [Due(*row) for row in rows]


async def insert_appointments(connection: Connection, rows: Sequence[tuple[int, UUID, Appointment]]) -> None:
    """Partition, customer, appointment, by COPY, which raises UniqueViolationError for one that exists:
    `save_appointments` is the careful way."""
    await connection.copy_records_to_table(
        "appointment",
        columns=("partition", "customer", "errand", "name", "at", "definition", "occasion", "done"),
        records=[
            (partition, customer, each.errand, each.name, each.at, each.definition, each.occasion, each.done)
            for partition, customer, each in rows
        ],
    )


async def save_appointments(connection: Connection, rows: Sequence[tuple[int, UUID, Appointment]]) -> None:
    """Partition, customer, appointment; those whose rule or segment is gone are deleted."""
    gone = [each for each in rows if not each[2].definition]
    kept = [each for each in rows if each[2].definition]
    if gone:
        await connection.execute(
            """
            DELETE FROM appointment a USING unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[])
                AS g (partition, customer, errand, name)
            WHERE (a.partition, a.customer, a.errand, a.name) = (g.partition, g.customer, g.errand, g.name)
            """,
            *_places(gone),
        )
    if kept:
        await connection.execute(
            """
            INSERT INTO appointment (partition, customer, errand, name, at, definition, occasion, done)
            SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::text[],
                                 $7::text[], $8::text[])
            ON CONFLICT (partition, customer, errand, name) DO UPDATE
            SET at = excluded.at, definition = excluded.definition, occasion = excluded.occasion, done = excluded.done
            """,
            *_places(kept),
            [each.at for _, _, each in kept],
            [each.definition for _, _, each in kept],
            [each.occasion for _, _, each in kept],
            [each.done for _, _, each in kept],
        )


def _places(
    rows: Sequence[tuple[int, UUID, Appointment]],
) -> tuple[list[int], list[UUID], list[str], list[str]]:
    return (
        [each[0] for each in rows],
        [each[1] for each in rows],
        [each[2].errand for each in rows],
        [each[2].name for each in rows],
    )


async def first_due_appointment(connection: Connection, partition: int) -> tuple[UUID, str, str] | None:
    """Customer, errand and name of the oldest one that is due."""
    row = await connection.fetchrow(
        """
        SELECT customer, errand, name FROM appointment WHERE partition = $1 AND at <= now()
        ORDER BY at LIMIT 1
        """,
        partition,
    )
    return (row[0], row[1], row[2]) if row else None


async def call_off(connection: Connection, partition: int, customer: UUID) -> None:
    """Clear the due appointments of a customer who cannot be decided."""
    await connection.execute(
        "UPDATE appointment SET at = NULL WHERE partition = $1 AND customer = $2 AND at <= now()", partition, customer
    )
