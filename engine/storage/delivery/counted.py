"""What caps count: the messages of some customers, read under locks that make the count exact."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from engine.storage.database import Connection

#: The space of these locks, apart from all others: "kogda caps".
_SPACE = 0x6B63
#: Customers share locks, so that a claim of hundreds of messages needs no more than this many.
_LOCKS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedMessage:
    """One that went out, or is on its way, or (`is_due`) waits to be claimed by somebody."""

    customer: UUID
    id: UUID
    rule: str
    channel: str
    template: str
    transactional: bool
    at: datetime
    is_due: bool
    priority: int
    run: UUID


async def lock_customers(connection: Connection, customers: Collection[UUID]) -> None:
    """Until the transaction ends nobody else counts these customers' messages: reserved ones are then committed.

    Always in the same order, so that two claims cannot wait for each other.
    """
    keys = sorted({int.from_bytes(customer.bytes[4:8], "big") % _LOCKS for customer in customers})
    await connection.execute("SELECT pg_advisory_xact_lock($1, key) FROM unnest($2::int[]) AS key", _SPACE, keys)


async def counted_messages(
    connection: Connection, places: Sequence[tuple[int, UUID]], since: datetime
) -> list[CountedMessage]:
    """Of customers given with their partitions. A message counts from its claim on, and is as old as its hand-over.

    The index knows when messages were made: none is handed over later than a month after that.
    """
    rows = await connection.fetch(
        """
        SELECT m.customer, m.id, m.rule, m.channel, m.template, m.transactional,
            CASE WHEN m.state IN ('sent', 'unknown') THEN m.settled_at ELSE now() END AS at,
            m.state = 'queued' AS is_due, coalesce((m.limits ->> 'priority')::int, 0) AS priority,
            m.run
        FROM unnest($1::smallint[], $2::uuid[]) AS w (partition, customer)
        CROSS JOIN LATERAL (
            SELECT * FROM message WHERE partition = w.partition AND customer = w.customer
              AND created_at > $3::timestamptz - interval '31 days'
            OFFSET 0
        ) m
        WHERE m.channel NOT IN ('webhook', 'staff')
          AND (m.state = 'sending' OR m.state IN ('sent', 'unknown') AND m.settled_at >= $3
               OR m.state = 'queued' AND m.due_at <= now())
        """,
        [partition for partition, _ in places],
        [customer for _, customer in places],
        since,
    )
    return [CountedMessage(**row) for row in rows]


async def places_taken(connection: Connection, rules: Collection[str], key: str) -> dict[str, int]:
    """How many places of each rule are taken."""
    rows = await connection.fetch(
        f"SELECT rule, count(*) FROM once_mark WHERE key = '{key}' AND rule = ANY($1::text[]) GROUP BY rule",  # noqa: S608
        list(rules),
    )
    return dict.fromkeys(rules, 0) | {row[0]: row[1] for row in rows}


async def lock_places(connection: Connection, rules: Collection[str]) -> None:
    """Until the transaction ends nobody else hands out places of these rules."""
    await connection.execute(
        "SELECT pg_advisory_xact_lock($1, hashtext(rule)) FROM unnest($2::text[]) AS rule", _SPACE + 1, sorted(rules)
    )


async def delivered_by(connection: Connection, partitions: Sequence[int], customers: Sequence[UUID]) -> dict[UUID, str]:
    """The channel of the newest message that each customer got, of those given with their partitions."""
    rows = await connection.fetch(
        """
        SELECT w.customer, newest.channel FROM unnest($1::smallint[], $2::uuid[]) AS w (partition, customer)
        CROSS JOIN LATERAL (
            SELECT channel FROM message m WHERE m.partition = w.partition AND m.customer = w.customer
              AND m.state = 'sent' AND m.channel NOT IN ('webhook', 'staff')
            ORDER BY m.created_at DESC LIMIT 1
        ) newest
        """,
        partitions,
        customers,
    )
    return {row[0]: row[1] for row in rows}
