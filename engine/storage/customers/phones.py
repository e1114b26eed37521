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
    is_refused: bool  # it has said no to the channel


async def writers(connection: Connection, channel: str, phone: str) -> list[Writer]:
    """`phone` as E.164. Whom we wrote to last comes first."""
    rows = await connection.fetch(
        """
        SELECT c.partition, c.id, c.key, m.id::text, m.rule, m.template, m.created_at,
            coalesce(c.consent -> $1 = 'false', false)
        FROM customer c
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


async def lift_opt_out(connection: Connection, channel: str, phone: str) -> None:
    """Twilio refuses numbers that have said STOP (error 21610), and takes them again after START."""
    await connection.execute(
        "DELETE FROM suppression WHERE channel = $1 AND address = suppressed_as($1, $2) AND reason LIKE '%21610%'",
        channel,
        phone,
    )
