"""Requests for tracked links and pictures, as they came in; judged a little later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from engine.storage.database import Connection


class NewHit(NamedTuple):
    partition: int  # of the message when it was sent
    message: UUID
    kind: str  # opened, clicked
    link: int | None
    links: int | None
    target: str | None
    raw: dict[str, Any]  # {"method": "GET", "headers": {…}}
    age: timedelta  # when it is written: the time is the database's own


class StoredHit(NamedTuple):
    partition: int
    message: UUID
    id: int
    at: datetime
    kind: str
    link: int | None
    links: int | None
    target: str | None
    raw: dict[str, Any]
    now: datetime


async def insert_hits(connection: Connection, hits: Sequence[NewHit]) -> None:
    await connection.execute(
        """
        INSERT INTO hit (partition, message, at, kind, link, links, target, raw)
        SELECT partition, message, now() - age, kind, link, links, target, raw
        FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::smallint[], $5::smallint[], $6::text[], $7::jsonb[],
                    $8::interval[])
            AS h (partition, message, kind, link, links, target, raw, age)
        """,
        *map(list, zip(*hits, strict=True)),
    )


async def lock_unjudged(connection: Connection, *, settled: timedelta, limit: int) -> list[StoredHit]:
    """Hits older than `settled` that nobody has judged, oldest first. Other transactions skip them."""
    rows = await connection.fetch(
        """
        SELECT partition, message, id, at, kind, link, links, target, raw, now() AS now FROM hit
        WHERE class IS NULL AND at <= now() - $1::interval ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED
        """,
        settled,
        limit,
    )
    return [StoredHit(*row) for row in rows]


async def clicks_of(connection: Connection, places: Sequence[tuple[int, UUID]]) -> list[StoredHit]:
    """All clicks of these messages, given as they are in `hit`, judged or not; at most 200 of each."""
    rows = await connection.fetch(
        """
        SELECT h.partition, h.message, h.id, h.at, h.kind, h.link, h.links, h.target, h.raw, now() AS now
        FROM (SELECT DISTINCT * FROM unnest($1::smallint[], $2::uuid[]) AS p (partition, message)) AS p,
        LATERAL (
            SELECT * FROM hit WHERE hit.partition = p.partition AND hit.message = p.message AND kind = 'clicked'
            ORDER BY id DESC LIMIT 200
        ) AS h
        """,
        [partition for partition, _ in places],
        [message for _, message in places],
    )
    return [StoredHit(*row) for row in rows]


async def save_classes(connection: Connection, judged: Sequence[tuple[StoredHit, str]]) -> None:
    await connection.execute(
        """
        UPDATE hit h SET class = j.class
        FROM unnest($1::smallint[], $2::uuid[], $3::bigint[], $4::text[]) AS j (partition, message, id, class)
        WHERE h.partition = j.partition AND h.message = j.message AND h.id = j.id
        """,
        [hit.partition for hit, _ in judged],
        [hit.message for hit, _ in judged],
        [hit.id for hit, _ in judged],
        [judged_as for _, judged_as in judged],
    )
