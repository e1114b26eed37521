"""Transactions of a process that stands still (SIGSTOP, a paused machine): they hold partitions that others could
decide. The server ends idle ones by itself; one that stopped in the middle of a COPY is waited for without an end."""

from __future__ import annotations

from datetime import timedelta

from engine.storage.database import APPLICATION, Connection

STALLED_AFTER = timedelta(seconds=20)


async def end_stalled_transactions(connection: Connection, after: timedelta = STALLED_AFTER) -> int:
    """How many were ended. Only our own, and only those that wait for their client inside a transaction."""
    ended: int = await connection.fetchval(
        """
        SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND usename = current_user AND application_name = $1
          AND pid <> pg_backend_pid() AND wait_event = 'ClientRead' AND xact_start IS NOT NULL
          AND state_change < clock_timestamp() - $2::interval
        """,
        APPLICATION,
        after,
    )
    return ended
