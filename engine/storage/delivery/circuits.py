"""Providers that are down, known to all workers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from engine.storage.database import Connection


@dataclass(frozen=True, slots=True)
class OpenCircuit:
    channel: str  # or `push firebase`
    reason: str
    opened_at: datetime
    probe_at: datetime


async def open_circuits(connection: Connection) -> list[OpenCircuit]:
    rows = await connection.fetch("SELECT channel, reason, opened_at, probe_at FROM circuit ORDER BY channel")
    return [OpenCircuit(*row) for row in rows]


async def open_circuit(connection: Connection, channel: str, reason: str, pause: timedelta) -> bool:
    """True: this call opened it. False: another worker had."""
    row = await connection.fetchval(
        """
        INSERT INTO circuit (channel, reason, pause, probe_at) VALUES ($1, $2, $3, now() + $3)
        ON CONFLICT (channel) DO NOTHING RETURNING true
        """,
        channel,
        reason,
        pause,
    )
    return row is True


async def take_probes(connection: Connection, longest: timedelta) -> set[str]:
    """Channels for which the time of a trial has come, and something to try it with. It is ours alone: the next one is
    later, and later each time."""
    rows = await connection.fetch(
        """
        UPDATE circuit SET pause = least(pause * 2, $1), probe_at = now() + least(pause * 2, $1)
        WHERE channel IN (
            SELECT channel FROM circuit c WHERE probe_at <= now() AND EXISTS (
                SELECT FROM message m
                WHERE m.state = 'queued' AND m.channel = split_part(c.channel, ' ', 1) AND m.due_at <= now()
            ) ORDER BY channel FOR UPDATE SKIP LOCKED
        )
        RETURNING channel
        """,
        longest,
    )
    return {row[0] for row in rows}


async def close_circuits(connection: Connection, channels: Collection[str]) -> set[str]:
    """Those that were open."""
    rows = await connection.fetch(
        "DELETE FROM circuit WHERE channel = ANY($1::text[]) RETURNING channel", list(channels)
    )
    return {row[0] for row in rows}


async def lock_those_with_another_way(
    connection: Connection, channels: Collection[str], since: timedelta, *, limit: int
) -> list[tuple[int, UUID, str]]:
    """Partition, id and channel of messages that wait for longer, though another way could deliver them."""
    rows = await connection.fetch(
        """
        SELECT partition, id, channel FROM message
        WHERE state = 'queued' AND limits ? 'ways' AND channel = ANY($1::text[]) AND created_at < now() - $2::interval
          AND due_at <= now() AND NOT maybe_duplicate
        LIMIT $3 FOR UPDATE SKIP LOCKED
        """,
        list(channels),
        since,
        limit,
    )
    return [tuple(row) for row in rows]
