"""Events that were refused: kept with the reason and the field at fault, so that nobody has to guess."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from engine.core.effects import Misfit
from engine.storage.database import Connection

_MOST_KEPT = 4_000  # characters of what was left out


class Reject(NamedTuple):
    source: str
    reason: str
    path: str  # of the field at fault, "$.properties.total"
    body: str  # as received, as ASCII JSON, cut at the event limit


class RejectRow(NamedTuple):
    id: int
    received_at: datetime
    source: str
    reason: str
    path: str
    body: str


async def insert_rejects(connection: Connection, rejects: Sequence[Reject]) -> None:
    await connection.execute(
        """INSERT INTO reject (source, reason, path, body)
           SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])""",
        *map(list, zip(*rejects, strict=True)),
    )


async def insert_misfits(connection: Connection, misfits: Sequence[tuple[UUID, str, Misfit]]) -> None:
    """Traits that were left out of an event that was taken, with the customer's id and key."""
    rows = [
        (
            customer,
            misfit.event,
            f"{misfit.name} is no {misfit.kind}: it was left out, and the rest was taken",
            f"$.traits.{misfit.name}",
            json.dumps({"customer": key, "traits": {misfit.name: misfit.value}})[:_MOST_KEPT],
        )
        for customer, key, misfit in misfits
    ]
    await connection.execute(
        """
        INSERT INTO reject (source, reason, path, body)
        SELECT coalesce((SELECT source FROM event e WHERE e.customer = w.customer AND e.name = '' AND e.id = w.id), ''),
               reason, path, body
        FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[]) AS w (customer, id, reason, path, body)
        """,
        *map(list, zip(*rows, strict=True)),
    )


async def newest_rejects(connection: Connection, *, before: int | None, limit: int) -> list[RejectRow]:
    """Newest first; `before` is the id that the previous page ended with."""
    rows = await connection.fetch(
        """SELECT id, received_at, source, reason, path, body FROM reject
           WHERE $1::bigint IS NULL OR id < $1 ORDER BY id DESC LIMIT $2""",
        before,
        limit,
    )
    return [RejectRow(*row) for row in rows]
