"""How far each partition has looked at its customers since the last publication that watches something else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from engine.storage.database import Connection
from engine.storage.events.cursors import Cursor
from engine.storage.events.event_partitions import empty_months
from engine.storage.segments.fill_sql import FillSql

_BEFORE_ALL = UUID(int=0)
#: There are some 600. Apps say others, and a clock is made for each that is kept in mind.
_MOST_ZONES = 1000


@dataclass(frozen=True, slots=True)
class Slice:
    """The next customers of a partition, in the order of their ids. `filled_to` None: they are the last."""

    partition: int
    customers: tuple[UUID, ...]
    filled_to: UUID | None
    noted: int = 0  # others before it, who were looked at already


@dataclass(frozen=True, slots=True)
class Pass:
    """How `note_slices` looks at customers: at most `many` of each partition, with at most `most` who are in doubt."""

    fill: FillSql
    now: datetime
    many: int
    most: int


def is_unfilled(cursor: Cursor, standing: str) -> bool:
    return cursor.standing != standing or cursor.filled_to is not None


async def next_slices(connection: Connection, cursors: Sequence[Cursor], standing: str, *, limit: int) -> list[Slice]:
    """At most `limit` customers of each partition that is not filled. Begins anew when something else is watched."""
    rows = await connection.fetch(
        """
        SELECT w.partition, c.id, c.merged_into IS NULL
        FROM unnest($1::smallint[], $2::uuid[]) AS w (partition, filled_to)
        CROSS JOIN LATERAL (
            SELECT id, merged_into FROM customer WHERE customer.partition = w.partition AND customer.id > w.filled_to
            ORDER BY customer.id LIMIT $3
        ) c
        """,
        [cursor.partition for cursor in cursors],
        [(cursor.filled_to or _BEFORE_ALL) if cursor.standing == standing else _BEFORE_ALL for cursor in cursors],
        limit,
    )
    found: dict[int, list[tuple[UUID, bool]]] = {cursor.partition: [] for cursor in cursors}
    for partition, customer, is_own in rows:
        found[partition].append((customer, is_own))
    return [
        Slice(
            partition,
            tuple(customer for customer, is_own in each if is_own),
            each[-1][0] if len(each) >= limit else None,
        )
        for partition, each in found.items()
    ]


async def note_slices(connection: Connection, cursors: Sequence[Cursor], standing: str, look: Pass) -> list[Slice]:
    """Notes of the next customers who is in which segment and when to look again, in a few statements.

    The slices hold those who are in doubt. Their cursors must be locked.
    """
    async with _by_indexes(connection):
        return await _noted(connection, cursors, standing, look)


async def _noted(connection: Connection, cursors: Sequence[Cursor], standing: str, look: Pass) -> list[Slice]:
    begins = [(cursor.filled_to or _BEFORE_ALL) if cursor.standing == standing else _BEFORE_ALL for cursor in cursors]
    partitions = [cursor.partition for cursor in cursors]
    rows = await connection.fetch(_NEXT, partitions, begins, look.many)
    ends = [row["last"] or begin for row, begin in zip(rows, begins, strict=True)]
    zones = look.fill.zones
    if not 0 < len(zones) <= _MOST_ZONES:
        zones.clear()
        zones.update(row["zone"] for row in await connection.fetch(_ZONES, partitions, begins, ends))
    empty_from, empty_to = await empty_months(connection)
    values = look.fill.values(
        now=look.now,
        empty_from=empty_from,
        empty_to=empty_to,
        zones=sorted(zones),
        partition=partitions,
        begins=begins,
        ends=ends,
        xid=[cursor.xid for cursor in cursors],
        seq=[cursor.seq for cursor in cursors],
        most=look.most,
    )
    doubtful: dict[int, list[UUID]] = {partition: [] for partition in partitions}
    cut: dict[int, UUID] = {}
    for partition, customer, zone, is_seen in await connection.fetch(look.fill.text, *values):
        zones.add(zone)
        if is_seen:
            doubtful[partition].append(customer)
        else:
            cut[partition] = UUID(int=customer.int - 1)  # the next slice begins with them
    seen = [cut.get(partition, end) for partition, end in zip(partitions, ends, strict=True)]
    await _forget_what_is_gone(connection, look.fill, (partitions, begins, seen))
    whole = [row["last"] if row["customers"] >= look.many else None for row in rows]
    return [
        Slice(partition, tuple(doubtful[partition]), cut.get(partition, last), noted=row["customers"])
        for partition, last, row in zip(partitions, whole, rows, strict=True)
    ]


@asynccontextmanager
async def _by_indexes(connection: Connection) -> AsyncIterator[None]:
    """A plan is kept, and one that was made while a table had no rows yet would read it from end to end for each
    stretch when it has."""
    await connection.execute("SET LOCAL enable_seqscan = off")
    yield
    await connection.execute("SET LOCAL enable_seqscan TO DEFAULT")


_NEXT = """
    SELECT c.last, c.customers
    FROM unnest($1::smallint[], $2::uuid[]) WITH ORDINALITY AS w (partition, begins, place)
    CROSS JOIN LATERAL (
        SELECT (array_agg(id ORDER BY id DESC))[1] AS last, count(*) AS customers
        FROM (
            SELECT id FROM customer
            WHERE customer.partition = w.partition AND customer.id > w.begins ORDER BY customer.id LIMIT $3
        ) AS following
    ) c ORDER BY w.place
"""
_ZONES = """
    SELECT DISTINCT coalesce(c.timezone, '') AS zone
    FROM unnest($1::smallint[], $2::uuid[], $3::uuid[]) AS w (partition, begins, ends)
    CROSS JOIN LATERAL (
        SELECT timezone FROM customer
        WHERE customer.partition = w.partition AND customer.id > w.begins AND customer.id <= w.ends OFFSET 0
    ) c
"""


async def _forget_what_is_gone(
    connection: Connection, fill: FillSql, stretches: tuple[list[int], list[UUID], list[UUID]]
) -> None:
    if not fill.segments:
        await connection.execute(
            """
            DELETE FROM membership m USING unnest($1::smallint[], $2::uuid[], $3::uuid[]) AS w (partition, begins, ends)
            WHERE m.partition = w.partition AND m.customer > w.begins AND m.customer <= w.ends
            """,
            *stretches,
        )
    await connection.execute(
        """
        DELETE FROM appointment a USING (
            SELECT k.* FROM unnest($1::smallint[], $2::uuid[], $3::uuid[]) AS w (partition, begins, ends)
            CROSS JOIN LATERAL (
                SELECT partition, customer, errand, name FROM appointment
                WHERE partition = w.partition AND customer > w.begins AND customer <= w.ends AND errand <> 'start'
                OFFSET 0
            ) AS k
            WHERE NOT EXISTS (SELECT FROM unnest($4::text[], $5::text[]) AS n (errand, name)
                              WHERE n.errand = k.errand AND n.name = k.name)
        ) AS g
        WHERE (a.partition, a.customer, a.errand, a.name) = (g.partition, g.customer, g.errand, g.name)
        """,
        *stretches,
        [errand for errand, _ in fill.wakes],
        [name for _, name in fill.wakes],
    )


def begun(cursors: Sequence[Cursor], standing: str) -> list[Slice]:
    """Looks at no customer yet, but records that the fill is one for these rules from now on."""
    return [
        Slice(cursor.partition, (), (cursor.filled_to or _BEFORE_ALL) if cursor.standing == standing else _BEFORE_ALL)
        for cursor in cursors
    ]


async def save_fills(connection: Connection, slices: Sequence[Slice], standing: str) -> None:
    """Of partitions whose cursors are locked."""
    await connection.execute(
        """
        UPDATE partition_cursor c SET standing = $3, filled_to = s.filled_to
        FROM unnest($1::smallint[], $2::uuid[]) AS s (partition, filled_to) WHERE c.partition = s.partition
        """,
        [each.partition for each in slices],
        [each.filled_to for each in slices],
        standing,
    )


async def filled_share(connection: Connection, standing: str) -> float:
    """How much of all customers was looked at, 0 to 1: their ids are hashes, so the last one looked at tells."""
    rows = await connection.fetch("SELECT standing, filled_to FROM partition_cursor")
    shares = [
        (filled_to.int / 2**128 if filled_to is not None else 1.0) if found == standing else 0.0
        for found, filled_to in rows
    ]
    return sum(shares) / len(shares) if shares else 1.0
