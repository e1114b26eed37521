"""The queue is the event table: what lies after a partition's cursor, in the order (xid, seq).

Ids commit out of order, so a reader that goes by ids alone loses events. Here only transactions below the snapshot's
xmin are read: nothing can appear among them any more (docs/decisions/0005-the-cursor-is-a-transaction-and-a-place.md).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.core.model import Cause
from engine.storage.database import Connection
from engine.storage.events.cursors import Cursor

TRACK, IDENTIFY, MERGE, DECIDED = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Backlog:
    """The next events of one partition, in order. The fields of a row are those of `_READ`."""

    cursor: Cursor
    rows: list[Any]
    #: Of the visible events that were not read; None: nothing is left. Events get their place and their time in one
    #: statement (events_in.py), so none further back was received earlier.
    next_received_at: datetime | None
    held: bool  # what is left waits for a transaction that has not ended yet

    @property
    def after(self) -> Cursor:
        """The cursor when these events are decided."""
        if not self.rows:
            return self.cursor
        last = self.rows[-1]
        return self.cursor.at(last["xid"], last["seq"], last["received_at"])


async def read_events(
    connection: Connection, cursors: Sequence[Cursor], *, limit: int, names: Collection[str]
) -> list[Backlog]:
    """At most `limit` events of each partition. `body` comes only where `names` or the kind ask for it.

    In a transaction.
    """
    # PostgreSQL takes the backlog for short until it has counted it, and would sort all of it for each batch.
    await connection.execute("SET LOCAL enable_sort = off")
    rows = await connection.fetch(
        _READ,
        [cursor.partition for cursor in cursors],
        [cursor.xid for cursor in cursors],
        [cursor.seq for cursor in cursors],
        [cursor.floor for cursor in cursors],
        limit + 1,
        list(names),
    )
    by_partition: dict[int, list[Any]] = {cursor.partition: [] for cursor in cursors}
    for row in rows:
        by_partition[row[0]].append(row)
    return [_cut(cursor, by_partition[cursor.partition], limit) for cursor in cursors]


def _cut(cursor: Cursor, rows: list[Any], limit: int) -> Backlog:
    # Ordered by xid, so the settled ones come first. Most often that is all of them.
    if len(rows) <= limit and (not rows or rows[-1]["settled"]):
        return Backlog(cursor, rows, None, held=False)
    settled = [row for row in rows[:limit] if row["settled"]]
    left = rows[len(settled) :]
    return Backlog(cursor, settled, min(row["received_at"] for row in left), held=not left[0]["settled"])


_READ = """
    SELECT c.partition, e.xid, e.seq, e.id, e.customer, e.kind, e.name, e.at, e.received_at,
           e.xid < pg_snapshot_xmin(pg_current_snapshot()) AS settled, e.body ->> 'key' AS key,
           CASE WHEN e.kind <> 0 OR e.name = ANY($6::text[]) OR e.body ?| '{hops,historical}'
                     OR e.body -> 'context' ?| '{timezone,locale}' THEN e.body END AS body
    FROM unnest($1::smallint[], $2::xid8[], $3::bigint[], $4::timestamptz[]) AS c (partition, xid, seq, floor)
    CROSS JOIN LATERAL (
        SELECT * FROM event
        WHERE event.partition = c.partition AND (event.xid, event.seq) > (c.xid, c.seq)
          AND event.received_at >= c.floor
        ORDER BY event.xid, event.seq
        LIMIT $5
    ) e
    WHERE (SELECT set_config('enable_sort', 'on', true)) = 'on'  -- for the statements after this one, which is planned
"""


async def peek_events(connection: Connection, cursors: Sequence[Cursor]) -> list[Backlog]:
    """Reads none, but says what waits: no body is touched."""
    rows = await connection.fetch(
        _PEEK,
        [cursor.partition for cursor in cursors],
        [cursor.xid for cursor in cursors],
        [cursor.seq for cursor in cursors],
        [cursor.floor for cursor in cursors],
    )
    first = {row["partition"]: row for row in rows}
    return [
        Backlog(cursor, [], found["received_at"], held=not found["settled"])
        if (found := first.get(cursor.partition))
        else Backlog(cursor, [], None, held=False)
        for cursor in cursors
    ]


_PEEK = """
    SELECT c.partition, e.received_at, e.xid < pg_snapshot_xmin(pg_current_snapshot()) AS settled
    FROM unnest($1::smallint[], $2::xid8[], $3::bigint[], $4::timestamptz[]) AS c (partition, xid, seq, floor)
    CROSS JOIN LATERAL (
        SELECT received_at, xid FROM event
        WHERE event.partition = c.partition AND (event.xid, event.seq) > (c.xid, c.seq)
          AND event.received_at >= c.floor
        ORDER BY event.xid, event.seq
        LIMIT 1
    ) e
"""


def cause_of(body: dict[str, Any]) -> Cause | None:
    cause = body.get("cause")
    return Cause(run=UUID(cause["run"]), rule=cause["rule"], depth=cause["depth"]) if cause else None


async def forward_events(connection: Connection, rows: Sequence[Any], targets: Sequence[tuple[int, UUID]]) -> None:
    """Queue events of merged customers again, in this order, at the end of their targets' partitions. Once a
    transaction."""
    await connection.execute(
        """
        UPDATE event SET partition = f.target_partition, customer = f.target, xid = DEFAULT, seq = f.place,
                         received_at = now(),
                         body = event.body || jsonb_build_object('hops', coalesce((event.body ->> 'hops')::int, 0) + 1)
        FROM unnest($1::smallint[], $2::xid8[], $3::bigint[], $4::timestamptz[], $5::smallint[], $6::uuid[])
            WITH ORDINALITY AS f (partition, xid, seq, received_at, target_partition, target, place)
        WHERE (event.partition, event.xid, event.seq, event.received_at) = (f.partition, f.xid, f.seq, f.received_at)
        """,
        [row["partition"] for row in rows],
        [row["xid"] for row in rows],
        [row["seq"] for row in rows],
        [row["received_at"] for row in rows],
        [partition for partition, _ in targets],
        [target for _, target in targets],
    )


async def first_place(connection: Connection, cursor: Cursor) -> tuple[int, int, datetime, UUID] | None:
    """Place and id of the next settled event, without its body, which may not be readable."""
    row = await connection.fetchrow(
        """
        SELECT xid, seq, received_at, id FROM event
        WHERE partition = $1 AND (xid, seq) > ($2, $3) AND received_at >= $4
          AND xid < pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY xid, seq LIMIT 1
        """,
        cursor.partition,
        cursor.xid,
        cursor.seq,
        cursor.floor,
    )
    return (row[0], row[1], row[2], row[3]) if row else None
