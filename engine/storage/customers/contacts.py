"""Places where customers are reached that are neither mail addresses nor phone numbers: devices, browsers, chats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from engine.storage.database import Connection

#: Of one customer and channel that one message goes to, the newest: nobody reads on more devices.
MOST = 20


class StoredContact(NamedTuple):
    address: str
    detail: Mapping[str, Any]
    suppressed: str | None  # why nothing may be sent there


class Owner(NamedTuple):
    """Of a contact."""

    partition: int
    customer: UUID
    key: str


async def add_contact(
    connection: Connection,
    place: tuple[int, UUID],
    channel: str,
    address: str,
    *,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """`place`: partition and customer. The address is this customer's from now on, and nobody else's; one that was
    gone is back."""
    partition, customer = place
    await connection.execute(
        """
        UPDATE contact SET gone_at = now()
        WHERE channel = $1 AND address = $2 AND gone_at IS NULL AND (partition, customer) <> ($3, $4)
        """,
        channel,
        address,
        partition,
        customer,
    )
    await connection.execute(
        """
        INSERT INTO contact (partition, customer, channel, address, detail) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (partition, customer, channel, address)
        DO UPDATE SET detail = excluded.detail, added_at = now(), gone_at = NULL
        """,
        partition,
        customer,
        channel,
        address,
        dict(detail or {}),
    )


async def retire_oldest(connection: Connection, place: tuple[int, UUID], channel: str) -> None:
    """Nobody has more than MOST: what was told first was left behind long ago."""
    await connection.execute(
        """
        UPDATE contact SET gone_at = now() WHERE (partition, customer, channel, address) IN (
            SELECT partition, customer, channel, address FROM contact
            WHERE partition = $1 AND customer = $2 AND channel = $3 AND gone_at IS NULL
            ORDER BY added_at DESC, address OFFSET $4
        )
        """,
        *place,
        channel,
        MOST,
    )


async def remove_contact(connection: Connection, place: tuple[int, UUID] | None, channel: str, address: str) -> None:
    """`place`: only when it is that customer's."""
    partition, customer = place or (None, None)
    await connection.execute(
        """
        UPDATE contact SET gone_at = now()
        WHERE channel = $1 AND address = $2 AND gone_at IS NULL
          AND ($3::smallint IS NULL OR (partition, customer) = ($3, $4::uuid))
        """,
        channel,
        address,
        partition,
        customer,
    )


async def forget_contacts(connection: Connection, gone: Sequence[tuple[str, str]]) -> None:
    """Channel and address of each: nobody is there any more."""
    await connection.execute(
        """
        UPDATE contact c SET gone_at = now() FROM unnest($1::text[], $2::text[]) AS g (channel, address)
        WHERE c.channel = g.channel AND c.address = g.address AND c.gone_at IS NULL
        """,
        [channel for channel, _ in gone],
        [address for _, address in gone],
    )


async def owner_of(connection: Connection, channel: str, address: str) -> Owner | None:
    row = await connection.fetchrow(
        """
        SELECT c.partition, c.id AS customer, c.key FROM contact t
        JOIN customer c ON c.partition = t.partition AND c.id = t.customer
        WHERE t.channel = $1 AND t.address = $2 AND t.gone_at IS NULL ORDER BY t.added_at DESC LIMIT 1
        """,
        channel,
        address,
    )
    return Owner(**row) if row else None


async def contacts_of(
    connection: Connection, wanted: Sequence[tuple[int, UUID, str]]
) -> dict[tuple[UUID, str], tuple[StoredContact, ...]]:
    """By customer and channel, of those given with their partitions, the newest first."""
    rows = await connection.fetch(
        """
        SELECT w.customer, w.channel, t.address, t.detail, s.reason AS suppressed
        FROM (
            SELECT DISTINCT * FROM unnest($1::smallint[], $2::uuid[], $3::text[]) AS u (partition, customer, channel)
        ) w
        CROSS JOIN LATERAL (
            SELECT address, detail, added_at FROM contact c
            WHERE c.partition = w.partition AND c.customer = w.customer AND c.channel = w.channel AND c.gone_at IS NULL
            ORDER BY added_at DESC LIMIT $4
        ) t
        LEFT JOIN suppression s ON s.channel = w.channel AND s.address = lower(t.address)
        ORDER BY t.added_at DESC
        """,
        [partition for partition, _, _ in wanted],
        [customer for _, customer, _ in wanted],
        [channel for _, _, channel in wanted],
        MOST,
    )
    found: dict[tuple[UUID, str], tuple[StoredContact, ...]] = {}
    for row in rows:
        key = row["customer"], row["channel"]
        found[key] = (*found.get(key, ()), StoredContact(row["address"], row["detail"], row["suppressed"]))
    return found


async def channels_with_contacts(
    connection: Connection, partitions: Sequence[int], customers: Sequence[UUID]
) -> dict[UUID, frozenset[str]]:
    """The channels on which each customer has a contact, of those given with their partitions."""
    rows = await connection.fetch(
        """
        SELECT c.customer, array_agg(DISTINCT c.channel) AS channels
        FROM unnest($1::smallint[], $2::uuid[]) AS w (partition, customer)
        CROSS JOIN LATERAL (
            SELECT * FROM contact WHERE partition = w.partition AND customer = w.customer AND gone_at IS NULL OFFSET 0
        ) c
        GROUP BY c.customer
        """,
        partitions,
        customers,
    )
    return {row["customer"]: frozenset(row["channels"]) for row in rows}
