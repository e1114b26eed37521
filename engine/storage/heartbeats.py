"""Which workers live. arq's own health key is one for all workers and outlives a dead one by an hour."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from engine.storage.database import Connection

#: After three beats that did not come, the next takes an elder's place; to a person it is gone only much later.
_ELDER_FRESH = timedelta(seconds=6)


async def beat(connection: Connection, worker: UUID, detail: dict[str, Any]) -> int:
    """How many workers are alive that began before this one, by `detail["since"]`. Forgets those silent for a day."""
    await connection.execute(
        """
        INSERT INTO worker_heartbeat (worker, detail) VALUES ($1, $2)
        ON CONFLICT (worker) DO UPDATE SET at = now(), detail = excluded.detail
        """,
        worker,
        detail,
    )
    await connection.execute("DELETE FROM worker_heartbeat WHERE at < now() - interval '1 day'")
    elder: int = await connection.fetchval(
        """
        SELECT count(*) FROM worker_heartbeat
        WHERE at > now() - $1::interval AND ((detail ->> 'since')::float8, worker) < ($2, $3)
        """,
        _ELDER_FRESH,
        detail["since"],
        worker,
    )
    return elder


async def stop_beating(connection: Connection, worker: UUID) -> None:
    await connection.execute("DELETE FROM worker_heartbeat WHERE worker = $1", worker)
