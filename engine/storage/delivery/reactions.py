"""Reactions to messages: finds the message, and stores what happened to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from engine.storage.database import Connection


class SentMessage(NamedTuple):
    """A message and whose it is, wherever it moved since it was sent."""

    partition: int
    id: UUID
    customer: UUID
    key: str
    channel: str
    rule: str
    template: str
    rule_set: int
    context: dict[str, Any]
    state: str
    address: str | None
    provider_id: str | None
    created_at: datetime
    settled_at: datetime | None


class NewReaction(NamedTuple):
    message: SentMessage
    kind: str
    at: datetime
    detail: dict[str, Any]


_FIELDS = """
    m.partition, m.id, m.customer, c.key, m.channel, m.rule, m.template, m.rule_set, m.context, m.state, m.address,
    m.provider_id, m.created_at, m.settled_at
"""
# Nobody erases the customer between this look and what is written because of it.
_STAYS = "FOR KEY SHARE OF c"
_CUSTOMER = "JOIN customer c ON c.partition = m.partition AND c.id = m.customer"


async def sent_messages(
    connection: Connection, places: Iterable[tuple[int | None, UUID]], *, partitions: int
) -> dict[UUID, SentMessage]:
    """By id. A message that is no more at its place, or has None for one, is looked for in all partitions."""
    wanted = dict((message, partition) for partition, message in places)
    rows = await connection.fetch(
        f"""
        SELECT {_FIELDS} FROM unnest($1::smallint[], $2::uuid[]) AS w (partition, id)
        JOIN message m ON m.partition = w.partition AND m.id = w.id {_CUSTOMER} {_STAYS}
        """,  # noqa: S608
        list(wanted.values()),
        list(wanted),
    )
    found = {row["id"]: SentMessage(*row) for row in rows}
    astray = [message for message in wanted if message not in found]
    if astray:
        rows = await connection.fetch(
            f"""
            SELECT {_FIELDS} FROM unnest($1::uuid[]) AS w (id) CROSS JOIN generate_series(0, $2::int - 1) AS p
            JOIN message m ON m.partition = p::smallint AND m.id = w.id {_CUSTOMER} {_STAYS}
            """,  # noqa: S608
            astray,
            partitions,
        )
        found |= {row["id"]: SentMessage(*row) for row in rows}
    return found


async def messages_of_provider(connection: Connection, ids: Sequence[str]) -> dict[str, SentMessage]:
    """By what the provider calls them."""
    rows = await connection.fetch(
        f"""
        SELECT {_FIELDS} FROM message m {_CUSTOMER}
        WHERE m.provider_id = ANY($1::text[]) AND m.provider_id NOT LIKE '<%' {_STAYS}
        """,  # noqa: S608
        list(ids),
    )
    return {row["provider_id"]: SentMessage(*row) for row in rows}


async def save_reactions(connection: Connection, reactions: Sequence[NewReaction]) -> None:
    """The first of a kind stays, with its detail; a later one moves `last_at` on."""
    newest: dict[tuple[UUID, str], tuple[NewReaction, datetime]] = {}
    for each in sorted(reactions, key=lambda reaction: reaction.at):
        first, _ = newest.get((each.message.id, each.kind), (each, each.at))
        newest[each.message.id, each.kind] = (first, each.at)
    rows = [newest[place] for place in sorted(newest)]
    await connection.execute(
        """
        INSERT INTO reaction (partition, message, kind, customer, at, last_at, detail)
        SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::uuid[], $5::timestamptz[], $6::timestamptz[],
                             $7::jsonb[])
        ON CONFLICT (partition, message, kind) DO UPDATE
        SET last_at = greatest(reaction.last_at, excluded.last_at), at = least(reaction.at, excluded.at)
        """,
        [first.message.partition for first, _ in rows],
        [first.message.id for first, _ in rows],
        [first.kind for first, _ in rows],
        [first.message.customer for first, _ in rows],
        [first.at for first, _ in rows],
        [last_at for _, last_at in rows],
        [first.detail for first, _ in rows],
    )
