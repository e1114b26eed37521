"""What providers told us, so that it is taken once; soft bounces in a row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from engine.storage.database import Connection


class Sighting(NamedTuple):
    """An address, and when a provider took a message for it."""

    channel: str
    address: str  # lower case
    at: datetime


async def is_new_callback(connection: Connection, provider: str, call_id: str) -> bool:
    """Remembered from now on. A second one waits here until the first has committed."""
    found = await connection.fetchval(
        """
        INSERT INTO callback (provider, id, reports, unknown) VALUES ($1, $2, 0, 0) ON CONFLICT DO NOTHING RETURNING 1
        """,
        provider,
        call_id,
    )
    return found is not None


async def count_reports(connection: Connection, provider: str, call_id: str, *, reports: int, unknown: int) -> None:
    await connection.execute(
        "UPDATE callback SET reports = $3, unknown = $4 WHERE provider = $1 AND id = $2",
        provider,
        call_id,
        reports,
        unknown,
    )


async def is_known_callback(connection: Connection, provider: str, call: str) -> bool:
    asked = "SELECT EXISTS (SELECT FROM callback WHERE provider = $1 AND id = $2)"
    return bool(await connection.fetchval(asked, provider, call))


async def messages_by_address(
    connection: Connection, sightings: Sequence[Sighting]
) -> dict[Sighting, tuple[int, UUID]]:
    """Where the only message is that went to the address at about that time: partition and id."""
    rows = await connection.fetch(
        """
        SELECT s.place, min(m.partition), min(m.id::text)::uuid
        FROM unnest($1::text[], $2::text[], $3::timestamptz[]) WITH ORDINALITY AS s (channel, address, at, place)
        JOIN customer c ON lower(c.email) = s.address AND c.email IS NOT NULL
        JOIN message m ON m.partition = c.partition AND m.customer = c.id AND m.channel = s.channel
            AND m.created_at BETWEEN s.at - interval '6 days' AND s.at
            AND m.settled_at BETWEEN s.at - interval '2 minutes' AND s.at + interval '2 minutes'
            AND m.state IN ('sent', 'unknown')
        GROUP BY s.place HAVING count(*) = 1
        """,
        [each.channel for each in sightings],
        [each.address for each in sightings],
        [each.at for each in sightings],
    )
    return {sightings[place - 1]: (partition, message) for place, partition, message in rows}


async def add_soft_bounces(connection: Connection, addresses: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Channel and lower-case address, each once; how many in a row there are now."""
    rows = await connection.fetch(
        """
        INSERT INTO soft_bounce (channel, address, streak, at)
        SELECT channel, address, 1, now() FROM unnest($1::text[], $2::text[]) AS b (channel, address)
        ON CONFLICT (channel, address) DO UPDATE SET streak = soft_bounce.streak + 1, at = now()
        RETURNING channel, address, streak
        """,
        [channel for channel, _ in addresses],
        [address for _, address in addresses],
    )
    return {(row["channel"], row["address"]): row["streak"] for row in rows}


async def end_streaks(connection: Connection, addresses: Sequence[tuple[str, str]]) -> None:
    await connection.execute(
        """
        DELETE FROM soft_bounce s USING unnest($1::text[], $2::text[]) AS d (channel, address)
        WHERE s.channel = d.channel AND s.address = d.address
        """,
        [channel for channel, _ in addresses],
        [address for _, address in addresses],
    )


async def known_reactions(connection: Connection, places: Sequence[tuple[int, UUID]], kind: str) -> set[UUID]:
    """Of these messages, given with their partitions, those that met with it before."""
    rows = await connection.fetch(
        """
        SELECT r.message FROM unnest($1::smallint[], $2::uuid[]) AS w (partition, message)
        JOIN reaction r ON r.partition = w.partition AND r.message = w.message AND r.kind = $3
        """,
        [partition for partition, _ in places],
        [message for _, message in places],
        kind,
    )
    return {row["message"] for row in rows}
