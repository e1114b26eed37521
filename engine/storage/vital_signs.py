"""Small figures about the whole installation, for health checks and metrics."""

from __future__ import annotations

from datetime import timedelta

from engine.storage.database import Connection

FRESH_HEARTBEAT = timedelta(seconds=30)


async def live_publication(connection: Connection) -> int | None:
    """The rule set that is live; None when nothing was published."""
    rule_set: int | None = await connection.fetchval("SELECT rule_set FROM publication ORDER BY id DESC LIMIT 1")
    return rule_set


async def current_revision(connection: Connection) -> str | None:
    """Of the tables, as Alembic left it."""
    revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    return revision


async def live_workers(connection: Connection) -> int:
    count: int = await connection.fetchval(
        "SELECT count(*) FROM worker_heartbeat WHERE at > now() - $1::interval", FRESH_HEARTBEAT
    )
    return count


async def worker_counts(connection: Connection) -> list[tuple[str, dict[str, dict[str, int]]]]:
    """What each live worker has counted since it began, by its id."""
    rows = await connection.fetch(
        "SELECT worker, detail -> 'counts' AS counts FROM worker_heartbeat WHERE at > now() - $1::interval",
        FRESH_HEARTBEAT,
    )
    return [(str(row["worker"]), row["counts"] or {}) for row in rows]


async def unsettled_messages(connection: Connection) -> dict[str, int]:
    """Messages that are not done with, by state: partial indexes make it cheap however many were sent."""
    rows = await connection.fetch(
        """SELECT 'queued', count(*) FROM message WHERE state = 'queued'
           UNION ALL SELECT 'sending', count(*) FROM message WHERE state = 'sending'"""
    )
    return {row[0]: row[1] for row in rows}
