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
    if search:
        alike = await _select(connection, _ALIKE, search, _FEW)
        if len(alike) < _FEW:
            wanted = [each for each in alike if channel in (None, each.channel) and kind in (None, each.kind)]
            older = [each for each in wanted if before is None or each.id < before]
            return sorted(older, key=lambda each: each.id, reverse=True)[:limit]
    asked = {"channel = {}": channel, "kind = {}": kind, "starts_with(address, lower({}))": search or None,
             "id < {}": before}  # fmt: skip
    # Only what is asked for: a plan that is kept for all that might be asked finds neither an index nor a page.
    given = {condition: value for condition, value in asked.items() if value is not None}
    where = " AND ".join(condition.format(f"${number}") for number, condition in enumerate(given, 2)) or "true"
    return await _select(connection, f"WHERE {where} ORDER BY id DESC LIMIT $1", limit, *given.values())


#: An index knows how addresses begin, and another how new they are: what few have in common is looked for by the first.
_FEW = 500
_ALIKE = """WHERE address COLLATE "C" >= lower($1) AND address COLLATE "C" < lower($1) || U&'\\+10FFFF'
            ORDER BY address COLLATE "C" LIMIT $2"""


async def _select(connection: Connection, which: str, *given: object) -> list[Suppression]:
    rows = await connection.fetch(f"SELECT id, channel, address, kind, reason, at FROM suppression {which}", *given)  # noqa: S608
    return [Suppression(*row) for row in rows]
