"""Figures that show whether mails get out."""

from __future__ import annotations

from engine.storage.database import Connection

STATES = ("queued", "sending", "sent", "suppressed", "failed", "unknown", "postponed")


async def retrying_messages(connection: Connection) -> int:
    """Queued ones that were tried before: many of them mean that the provider is down. They have an index of their own,
    `message_retrying`, however many wait for their first try."""
    count: int = await connection.fetchval("SELECT count(*) FROM message WHERE state = 'queued' AND attempts > 0")
    return count


async def recent_messages(connection: Connection) -> dict[str, int]:
    """Decided in the last 10 minutes, by what became of them; a short range of one index, however many there are."""
    rows = await connection.fetch(
        "SELECT state, count(*) FROM message WHERE created_at > now() - interval '10 minutes' GROUP BY state"
    )
    return dict.fromkeys(STATES, 0) | {row[0]: row[1] for row in rows}
