"""Customers by their phone."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from engine.storage.database import Connection

#: A phone of more customers than this is nobody's own.
_MOST = 50


class Writer(NamedTuple):
    """A customer with this phone, and the message that went there last."""

    partition: int
    customer: UUID
    key: str
    message: str | None
    rule: str | None
    template: str | None
    sent_at: datetime | None


async def writers(connection: Connection, channel: str, phone: str) -> list[Writer]:
    """`phone` as E.164. Whom we wrote to last comes first."""
    rows = await connection.fetch(
        """
        SELECT c.partition, c.id, c.key, m.id::text, m.rule, m.template, m.created_at FROM customer c
        LEFT JOIN LATERAL (
            SELECT id, rule, template, created_at FROM message
            WHERE partition = c.partition AND customer = c.id AND channel = $1 AND state IN ('sent', 'unknown')
            ORDER BY created_at DESC LIMIT 1
        ) AS m ON true
        WHERE suppressed_as('sms', c.phone) = $2 AND c.phone IS NOT NULL AND c.merged_into IS NULL
        ORDER BY m.created_at DESC NULLS LAST, c.id LIMIT $3
        """,
        channel,
        phone,
        _MOST,
    )
    return [Writer(*row) for row in rows]
