"""Messages that customers find in the shop's own page, each customer's in the order in which they came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from engine.core.identity import partition_of
from engine.storage.database import Connection

#: Of one customer that is counted and kept up to date in an open page; more are there, and found by looking.
MOST_NEWS = 50


class Place(NamedTuple):
    partition: int
    customer: UUID


class NewItem(NamedTuple):
    partition: int
    message: UUID
    title: str
    text: str
    link: str | None
    image: str | None
    data: Mapping[str, str]


class InboxItem(NamedTuple):
    id: int  # later ones have higher ids
    message: UUID
    at: datetime
    title: str
    text: str
    link: str | None
    image: str | None
    data: Mapping[str, Any]
    read_at: datetime | None


_COLUMNS = "i.id, i.message, i.at, i.title, i.text, i.link, i.image, i.data, i.read_at"


async def place_of(connection: Connection, customer: UUID, partitions: int) -> Place:
    """Where the customer lives now: after a merge with another one, there."""
    place = Place(partition_of(customer, partitions), customer)
    for _ in range(8):
        merged = await connection.fetchval("SELECT merged_into FROM customer WHERE partition = $1 AND id = $2", *place)
        if merged is None:
            break
        place = Place(partition_of(merged, partitions), merged)
    return place


async def keep_item(connection: Connection, item: NewItem) -> bool:
    """In a transaction. The same message again is the same item. False: there is no such message.

    One customer's items are written one after another, so whoever has seen one has seen all with lower ids.
    """
    customer = await connection.fetchval(
        "SELECT customer FROM message WHERE partition = $1 AND id = $2", item.partition, item.message
    )
    if customer is None:
        return False
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 7))", str(customer))
    await connection.execute(
        """
        INSERT INTO inbox_message (partition, customer, message, title, text, link, image, data)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (message) DO NOTHING
        """,
        item.partition,
        customer,
        *item[1:-1],
        dict(item.data),
    )
    return True


async def items_of(connection: Connection, place: Place, *, before: int | None, limit: int) -> list[InboxItem]:
    """The newest first, those older than `before`."""
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS} FROM inbox_message i
        WHERE i.partition = $1 AND i.customer = $2 AND ($3::bigint IS NULL OR i.id < $3) ORDER BY i.id DESC LIMIT $4
        """,  # noqa: S608
        *place,
        before,
        limit,
    )
    return [InboxItem(**row) for row in rows]


async def unread_counts(connection: Connection, places: Sequence[Place]) -> list[int]:
    """Of each, in the same order."""
    rows = await connection.fetch(
        """
        SELECT (
            SELECT count(*) FROM inbox_message i
            WHERE i.partition = w.partition AND i.customer = w.customer AND i.read_at IS NULL
        ) AS unread
        FROM unnest($1::smallint[], $2::uuid[]) WITH ORDINALITY AS w (partition, customer, number) ORDER BY w.number
        """,
        [place.partition for place in places],
        [place.customer for place in places],
    )
    return [row["unread"] for row in rows]


async def newer_items(connection: Connection, seen: Sequence[tuple[Place, int]]) -> list[tuple[int, InboxItem]]:
    """Those after the last that each has seen, the oldest first, with the place of the reader in `seen`."""
    rows = await connection.fetch(
        f"""
        SELECT w.number, n.* FROM unnest($1::smallint[], $2::uuid[], $3::bigint[])
            WITH ORDINALITY AS w (partition, customer, after, number)
        CROSS JOIN LATERAL (
            SELECT {_COLUMNS} FROM inbox_message i
            WHERE i.partition = w.partition AND i.customer = w.customer AND i.id > w.after ORDER BY i.id LIMIT $4
        ) n
        ORDER BY w.number, n.id
        """,  # noqa: S608
        [place.partition for place, _ in seen],
        [place.customer for place, _ in seen],
        [after for _, after in seen],
        MOST_NEWS,
    )
    return [(number - 1, InboxItem(*item)) for number, *item in rows]


async def newest_id(connection: Connection, place: Place) -> int:
    """0: there are none."""
    return (
        await connection.fetchval(
            "SELECT id FROM inbox_message WHERE partition = $1 AND customer = $2 ORDER BY id DESC LIMIT 1", *place
        )
        or 0
    )


async def read_item(connection: Connection, place: Place, message: UUID) -> bool:
    """False: this customer has no such message. Reading twice keeps the first time."""
    status = await connection.execute(
        """
        UPDATE inbox_message SET read_at = coalesce(read_at, now())
        WHERE partition = $1 AND customer = $2 AND message = $3
        """,
        *place,
        message,
    )
    return status != "UPDATE 0"


async def read_all(connection: Connection, place: Place, *, until: int) -> None:
    """Everything up to the item with this id: what came later was not seen."""
    await connection.execute(
        """
        UPDATE inbox_message SET read_at = now()
        WHERE partition = $1 AND customer = $2 AND read_at IS NULL AND id <= $3
        """,
        *place,
        until,
    )
