"""Addresses that must not be contacted any more, with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

from engine.storage.database import Connection

#: Who put it on the list: a provider that reported, or a person.
Kind: TypeAlias = Literal["bounce", "complaint", "manual", "import"]


class Suppression(NamedTuple):
    id: int
    channel: str
    address: str
    kind: Kind
    reason: str
    at: datetime


async def suppress(
    connection: Connection, addresses: Sequence[tuple[str, str, str]], *, kind: Kind | None = None
) -> int:
    """Channel, address and reason of each; how many are new. The first reason stays. Without a kind, it is told from
    what the provider said."""
    return len(
        await connection.fetch(
            """
            INSERT INTO suppression (channel, address, reason, kind)
            SELECT channel, suppressed_as(channel, address), reason,
                coalesce($4, CASE WHEN reason ILIKE 'complain%' THEN 'complaint' ELSE 'bounce' END)
            FROM unnest($1::text[], $2::text[], $3::text[]) AS s (channel, address, reason)
            ON CONFLICT DO NOTHING RETURNING id
            """,
            [channel for channel, _, _ in addresses],
            [address for _, address, _ in addresses],
            [reason for _, _, reason in addresses],
            kind,
        )
    )


async def unsuppress(connection: Connection, channel: str, address: str) -> bool:
    """False: it was not on the list."""
    found = await connection.fetchval(
        """
        WITH listed AS (
            DELETE FROM suppression WHERE channel = $1 AND address = suppressed_as($1, $2) RETURNING 1
        ), of_the_erased AS (
            UPDATE erasure SET suppressed = NULL WHERE hash = erased_as($1, $2) AND suppressed IS NOT NULL RETURNING 1
        )
        SELECT count(*) FROM (TABLE listed UNION ALL TABLE of_the_erased) AS each
        """,
        channel,
        address,
    )
    return bool(found)


async def newest_suppressions(
    connection: Connection,
    *,
    channel: str | None = None,
    kind: Kind | None = None,
    search: str = "",
    before: int | None = None,
    limit: int,
) -> list[Suppression]:
    """Newest first; `before` is the id that the previous page ended with. `search`: the address begins so."""
    rows = await connection.fetch(
        """
        SELECT id, channel, address, kind, reason, at FROM suppression
        WHERE ($1::text IS NULL OR channel = $1) AND ($2::text IS NULL OR kind = $2)
          AND starts_with(address, lower($3)) AND ($4::bigint IS NULL OR id < $4)
        ORDER BY id DESC LIMIT $5
        """,
        channel,
        kind,
        search,
        before,
        limit,
    )
    return [Suppression(*row) for row in rows]
