"""Stored events and customers in the order in which a replay reads them. Streams: memory does not grow with them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.storage.database import Connection

_FETCHED = 5000


async def events_by_customer(
    connection: Connection, names: Collection[str], *, since: datetime, until: datetime, back_to: datetime | None
) -> AsyncGenerator[Any, None]:
    """Events of these names and identifications, customer by customer, each by the time at which it came.

    Of the time before `since`, from `back_to` on (None: all there is). Must run in a transaction.
    """
    query = """
        SELECT id, customer, kind, name, at, received_at, body FROM event
        WHERE (name = ANY($1::text[]) OR kind = 1) AND received_at < $3
          AND (received_at >= $2 OR kind = 1 OR $4::timestamptz IS NULL OR at >= $4)
        ORDER BY customer, received_at, xid, seq
    """
    async for row in connection.cursor(query, list(names), since, until, back_to, prefetch=_FETCHED):
        yield row


async def count_events(connection: Connection, *, since: datetime, until: datetime) -> int:
    """All that came in that time, whether a rule listens to them or not."""
    counted: int = await connection.fetchval(
        "SELECT count(*) FROM event WHERE received_at >= $1 AND received_at < $2 AND kind < 3", since, until
    )
    return counted


async def customers_in_order(connection: Connection) -> AsyncGenerator[Any, None]:
    """Everybody who was not merged into another, by id. Must run in a transaction."""
    query = """
        SELECT id, key, email, phone, timezone, locale, attributes, tags, consent, first_seen, ARRAY(
            SELECT DISTINCT t.channel FROM contact t
            WHERE t.partition = c.partition AND t.customer = c.id AND t.gone_at IS NULL
        ) AS contacts
        FROM customer c WHERE merged_into IS NULL ORDER BY id
    """
    async for row in connection.cursor(query, prefetch=_FETCHED):
        yield row


async def story_of(connection: Connection, customer: UUID, partition: int, *, until: datetime) -> tuple[Any, list[Any]]:
    """A customer's row (None: there is nobody) and all their events, by the time at which they came."""
    row = await connection.fetchrow(
        """
        SELECT id, key, email, phone, timezone, locale, attributes, tags, consent, first_seen, merged_into
        FROM customer WHERE partition = $1 AND id = $2
        """,
        partition, customer,
    )  # fmt: skip
    events = await connection.fetch(
        """
        SELECT id, customer, kind, name, at, received_at, body FROM event
        WHERE partition = $1 AND customer = $2 AND kind < 2 AND received_at < $3
        ORDER BY received_at, xid, seq
        """,
        partition, customer, until,
    )  # fmt: skip
    return row, events
