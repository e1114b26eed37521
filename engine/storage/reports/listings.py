"""What people look at: rows for the management API, newest first, a page at a time. Read only."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from engine.core.identity import customer_id, partition_of
from engine.storage.database import Connection


class Place(NamedTuple):
    """The last row of the page before."""

    at: datetime
    id: UUID


async def customer_by_key(connection: Connection, key: str, *, partitions: int) -> dict[str, Any] | None:
    """Where a merged customer went is said in `merged_into`; it is not followed."""
    customer = customer_id(key)
    row = await connection.fetchrow(
        """SELECT id, key, email, phone, timezone, locale, attributes, tags, points, consent, merged_into, first_seen
           FROM customer WHERE partition = $1 AND id = $2""",
        partition_of(customer, partitions),
        customer,
    )
    return dict(row) if row else None


async def runs_of_customer(
    connection: Connection, key: str, *, partitions: int, before: Place | None, limit: int
) -> list[dict[str, Any]]:
    customer = customer_id(key)
    rows = await connection.fetch(
        """SELECT id, customer, rule, rule_set, state, wake_at, began_at, ended_at, end_reason FROM run
           WHERE partition = $1 AND customer = $2 AND ($3::timestamptz IS NULL OR (began_at, id) < ($3, $4::uuid))
           ORDER BY began_at DESC, id DESC LIMIT $5""",
        partition_of(customer, partitions),
        customer,
        before and before.at,
        before and before.id,
        limit,
    )
    return [dict(row) for row in rows]


_MESSAGE = """id, customer, run, rule, rule_set, channel, template, state, transactional, due_at, attempts,
                  maybe_duplicate, reason, address, created_at, settled_at"""


async def newest_messages(
    connection: Connection, *, state: str | None, before: Place | None, limit: int
) -> list[dict[str, Any]]:
    rows = await connection.fetch(
        f"""SELECT {_MESSAGE} FROM message
           WHERE ($1::text IS NULL OR state = $1)
             AND ($2::timestamptz IS NULL OR (created_at <= $2 AND (created_at, id) < ($2, $3::uuid)))
           ORDER BY created_at DESC, id DESC LIMIT $4""",  # noqa: S608
        state,
        before and before.at,
        before and before.id,
        limit,
    )
    return [dict(row) for row in rows]


async def messages_of_customer(
    connection: Connection, key: str, *, partitions: int, state: str | None, before: Place | None, limit: int
) -> list[dict[str, Any]]:
    customer = customer_id(key)
    rows = await connection.fetch(
        f"""SELECT {_MESSAGE} FROM message
           WHERE partition = $1 AND customer = $2 AND ($3::text IS NULL OR state = $3)
             AND ($4::timestamptz IS NULL OR (created_at <= $4 AND (created_at, id) < ($4, $5::uuid)))
           ORDER BY created_at DESC, id DESC LIMIT $6""",  # noqa: S608
        partition_of(customer, partitions),
        customer,
        state,
        before and before.at,
        before and before.id,
        limit,
    )
    return [dict(row) for row in rows]
