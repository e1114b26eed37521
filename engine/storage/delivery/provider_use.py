"""What was used of the limits of providers, shared by all workers: read and written in a claim's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from engine.core.delivery.provider_limits import Use
from engine.storage.database import Connection


async def lock_uses(connection: Connection, names: Sequence[str]) -> tuple[dict[str, Use], datetime]:
    """Until the transaction ends nobody else takes places of these; and what the clock says now that they are ours.

    Always in the same order, so that two claims cannot wait for each other.
    """
    rows = await connection.fetch(
        """
        INSERT INTO provider_use (name) SELECT name FROM unnest($1::text[]) AS name
        ON CONFLICT (name) DO UPDATE SET name = excluded.name
        RETURNING name, free_at, period, used, clock_timestamp() AS now
        """,
        sorted(names),
    )
    uses = {row["name"]: Use(free_at=row["free_at"], period=row["period"], used=row["used"]) for row in rows}
    return uses, max(row["now"] for row in rows)


async def uses_of(connection: Connection, names: Sequence[str]) -> dict[str, Use]:
    """As they stand, without a lock: to be told of, not to be taken from."""
    rows = await connection.fetch(
        "SELECT name, free_at, period, used FROM provider_use WHERE name = ANY($1::text[])", list(names)
    )
    known = {row["name"]: Use(free_at=row["free_at"], period=row["period"], used=row["used"]) for row in rows}
    return {name: known.get(name) or Use() for name in names}


async def save_uses(connection: Connection, uses: Mapping[str, Use]) -> None:
    await connection.execute(
        """
        UPDATE provider_use p SET free_at = u.free_at, period = u.period, used = u.used
        FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::int[]) AS u (name, free_at, period, used)
        WHERE p.name = u.name
        """,
        list(uses),
        [use.free_at for use in uses.values()],
        [use.period for use in uses.values()],
        [use.used for use in uses.values()],
    )
