"""What a message was rendered from, so that it can be rendered again."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from engine.storage.database import Connection


class SentContent(NamedTuple):
    """The customer is as it is today: what it was at the hand-over is not kept."""

    partition: int
    id: UUID
    customer: UUID
    rule: str
    rule_set: int
    channel: str
    template: str
    context: dict[str, Any]
    transactional: bool
    state: str
    created_at: datetime
    settled_at: datetime | None
    key: str
    email: str | None
    phone: str | None
    timezone: str | None
    locale: str | None
    attributes: dict[str, Any]
    tags: list[str]
    points: int
    published: int | None  # the rule set that was live when it went out


async def sent_content(connection: Connection, partition: int, message: UUID, *, partitions: int) -> SentContent | None:
    """At its place, or wherever it moved with its customer."""
    return await _found(connection, partition, (message, message), partitions)


async def content_that_begins(
    connection: Connection, partition: int, begins: bytes, *, partitions: int
) -> SentContent | None:
    """As `sent_content`, by the first bytes of the message's id."""
    missing = 16 - len(begins)
    between = UUID(bytes=begins + b"\x00" * missing), UUID(bytes=begins + b"\xff" * missing)
    return await _found(connection, partition, between, partitions)


async def _found(
    connection: Connection, partition: int, between: tuple[UUID, UUID], partitions: int
) -> SentContent | None:
    for places in ([partition], [each for each in range(partitions) if each != partition]):
        row = await connection.fetchrow(
            """
            SELECT m.partition, m.id, m.customer, m.rule, m.rule_set, m.channel, m.template, m.context, m.transactional,
                m.state, m.created_at, m.settled_at,
                c.key, c.email, c.phone, c.timezone, c.locale, c.attributes, c.tags, c.points,
                (SELECT rule_set FROM publication WHERE published_at <= m.settled_at ORDER BY id DESC LIMIT 1)
            FROM unnest($1::smallint[]) AS p (partition)
            JOIN message m ON m.partition = p.partition AND m.id BETWEEN $2 AND $3
            JOIN customer c ON c.partition = m.partition AND c.id = m.customer
            """,
            places,
            *between,
        )
        if row is not None:
            return SentContent(*row)
    return None
