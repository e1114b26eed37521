"""Customers in bulk. A row is made when the first event of a customer is decided; its partition's batch is its only
writer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.core.model import Customer
from engine.storage.database import Connection

_COLUMNS = "id, key, email, phone, timezone, locale, attributes, tags, consent, chosen, merged_into, points"

#: Begins a query about the customer $1 (partition), $2, and all that were merged into it, whom it may call `same`.
WITH_SAME = """
    WITH RECURSIVE same (partition, id, depth) AS (
        SELECT $1::smallint, $2::uuid, 0
        UNION ALL
        SELECT c.partition, c.id, s.depth + 1 FROM customer c JOIN same s ON c.merged_into = s.id
        WHERE s.depth < 64
    )
"""


async def customer_stubs(
    connection: Connection, partitions: Sequence[int], customers: Sequence[UUID]
) -> dict[UUID, Any]:
    """Of customers given with their partitions, by id: `merged_into`, and `open`: whether a client's context could
    still tell us a zone or locale."""
    # OFFSET 0, here and elsewhere: some hundred probes of an index, where the planner would rather read the whole table
    # as long as it has no more than some hundred thousand rows.
    rows = await connection.fetch(
        """
        SELECT c.id, c.merged_into, c.timezone IS NULL OR c.locale IS NULL AS open
        FROM unnest($1::smallint[], $2::uuid[]) AS w (partition, id)
        CROSS JOIN LATERAL (SELECT * FROM customer WHERE partition = w.partition AND id = w.id OFFSET 0) c
        """,
        partitions,
        customers,
    )
    return {row[0]: row for row in rows}


async def create_customers(connection: Connection, customers: Sequence[tuple[int, UUID, str, datetime]]) -> None:
    """Partition, id, key and when the customer was first seen. None of them may exist: the partition is locked, and
    we have looked."""
    await connection.copy_records_to_table(
        "customer", columns=("partition", "id", "key", "first_seen"), records=customers
    )


async def load_customers(
    connection: Connection, partitions: Sequence[int], customers: Sequence[UUID]
) -> dict[UUID, Customer]:
    """Given with their partitions."""
    rows = await connection.fetch(
        f"""
        SELECT c.* FROM unnest($1::smallint[], $2::uuid[]) AS w (partition, id)
        CROSS JOIN LATERAL (
            SELECT {_COLUMNS} FROM customer WHERE partition = w.partition AND id = w.id OFFSET 0
        ) c
        """,  # noqa: S608
        partitions,
        customers,
    )
    return {row["id"]: _customer(row) for row in rows}


def _customer(row: Any) -> Customer:
    return Customer(
        id=row["id"],
        key=row["key"],
        email=row["email"],
        phone=row["phone"],
        timezone=row["timezone"],
        locale=row["locale"],
        attributes=row["attributes"],
        tags=frozenset(row["tags"]),
        consent=row["consent"],
        chosen=row["chosen"],
        merged_into=row["merged_into"],
        points=row["points"],
    )


async def save_customers(connection: Connection, customers: Sequence[tuple[int, Customer]]) -> None:
    """Write changed customers, given with their partition, over their rows. Points come from the ledger alone."""
    await connection.execute(
        """
        UPDATE customer c
        SET email = n.email, phone = n.phone, timezone = n.timezone, locale = n.locale, attributes = n.attributes,
            tags = ARRAY(SELECT jsonb_array_elements_text(n.tags->'all')), consent = n.consent,
            chosen = c.chosen || n.chosen, merged_into = n.merged_into
        FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[],
                    $8::jsonb[], $9::jsonb[], $10::jsonb[], $11::uuid[])
            AS n (partition, id, email, phone, timezone, locale, attributes, tags, consent, chosen, merged_into)
        WHERE c.partition = n.partition AND c.id = n.id
        """,
        [partition for partition, _ in customers],
        [customer.id for _, customer in customers],
        [customer.email for _, customer in customers],
        [customer.phone for _, customer in customers],
        [customer.timezone for _, customer in customers],
        [customer.locale for _, customer in customers],
        [customer.attributes for _, customer in customers],
        [{"all": sorted(customer.tags)} for _, customer in customers],  # a list in a list would be a 2D array
        [customer.consent for _, customer in customers],
        [customer.chosen for _, customer in customers],
        [customer.merged_into for _, customer in customers],
    )


async def merge_target(connection: Connection, customer: UUID, partition: int) -> UUID | None:
    """Whom a customer was merged into; None: nobody, or not known at all."""
    target: UUID | None = await connection.fetchval(
        "SELECT merged_into FROM customer WHERE partition = $1 AND id = $2", partition, customer
    )
    return target
