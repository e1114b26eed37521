"""What customers agreed to: the state, its history, and the messages that a refusal meets on their way out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from engine.core.delivery.consent import ConsentEntry, asked_mark
from engine.storage.customers.bulk import WITH_SAME
from engine.storage.database import Connection
from engine.storage.events.events_in import TRACK

#: Queued messages that are due later than this are left to the guards: no claim under way can have seen them as due.
SOON = timedelta(minutes=1)
#: Customers of one mailbox that a press speaks for.
MOST_TWINS = 50


class Chooser(NamedTuple):
    """A customer in front of a page."""

    partition: int
    id: UUID
    key: str
    email: str | None
    phone: str | None
    locale: str | None
    consent: dict[str, bool]
    chosen: dict[str, str]
    merged_into: UUID | None
    now: datetime  # the database's, of the statement


class OnItsWay(NamedTuple):
    """A marketing message that is queued, or in the hands of a worker. Locked, if the reader wanted so."""

    partition: int
    id: UUID
    channel: str
    template: str
    rule_set: int
    state: str
    attempt: UUID | None


async def find_chooser(connection: Connection, partition: int, customer: UUID) -> Chooser | None:
    row = await connection.fetchrow(
        """
        SELECT partition, id, key, email, phone, locale, consent, chosen, merged_into, clock_timestamp() AS now
        FROM customer WHERE partition = $1 AND id = $2
        """,
        partition,
        customer,
    )
    return Chooser(**row) if row else None


async def with_same_mailbox(connection: Connection, partition: int, customer: UUID) -> list[UUID]:
    """Other customers with the same mail address, at most MOST_TWINS."""
    rows = await connection.fetch(
        """
        SELECT other.id FROM customer me JOIN customer other ON lower(other.email) = lower(me.email)
        WHERE me.partition = $1 AND me.id = $2 AND other.id <> me.id AND other.merged_into IS NULL
          AND other.email IS NOT NULL
        ORDER BY other.id LIMIT $3
        """,
        partition,
        customer,
        MOST_TWINS,
    )
    return [row["id"] for row in rows]


async def save_choice(
    connection: Connection, chooser: Chooser, consent: Mapping[str, bool], chosen: Mapping[str, str]
) -> None:
    """Only under the lock of the partition's cursor: whoever holds it is the customer's one writer."""
    await connection.execute(
        "UPDATE customer SET consent = $3, chosen = $4 WHERE partition = $1 AND id = $2",
        chooser.partition,
        chooser.id,
        dict(consent),
        dict(chosen),
    )


async def add_entries(connection: Connection, entries: Sequence[tuple[int, UUID, ConsentEntry]]) -> None:
    """Each with its partition and customer. Known ones are passed over."""
    await connection.execute(
        """
        INSERT INTO consent_entry (partition, customer, id, at, what, given, how, message, detail)
        SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::text[], $6::boolean[],
                             $7::text[], $8::uuid[], $9::jsonb[])
        ON CONFLICT DO NOTHING
        """,
        [partition for partition, _, _ in entries],
        [customer for _, customer, _ in entries],
        [entry.id for _, _, entry in entries],
        [entry.at for _, _, entry in entries],
        [entry.what for _, _, entry in entries],
        [entry.given for _, _, entry in entries],
        [entry.how for _, _, entry in entries],
        [entry.message for _, _, entry in entries],
        [entry.detail for _, _, entry in entries],
    )


async def consent_history(connection: Connection, partition: int, customer: UUID, *, limit: int) -> list[Any]:
    """Newest first."""
    return await connection.fetch(
        """
        SELECT at, what, given, how, message, detail FROM consent_entry
        WHERE partition = $1 AND customer = $2 ORDER BY at DESC, id LIMIT $3
        """,
        partition,
        customer,
        limit,
    )


async def message_of_link(connection: Connection, partition: int, message: UUID) -> Any:
    """Rule, template and channel of the message that a link came with; None when it is gone."""
    return await connection.fetchrow(
        "SELECT rule, template, channel FROM message WHERE partition = $1 AND id = $2", partition, message
    )


async def queue_own_event(
    connection: Connection, chooser: Chooser, *, event: UUID, name: str, properties: Mapping[str, Any]
) -> None:
    """An event of ours, to be decided like those of apps."""
    await connection.execute(
        """
        WITH fresh AS (INSERT INTO event_key (id) VALUES ($2) ON CONFLICT DO NOTHING RETURNING id)
        INSERT INTO event (partition, id, customer, kind, name, at, received_at, source, body)
        SELECT $1, id, $3, $4, $5, $6, statement_timestamp(), 'kogda', $7::jsonb FROM fresh
        """,
        chooser.partition,
        event,
        chooser.id,
        TRACK,
        name,
        chooser.now,
        {"key": chooser.key, "properties": dict(properties), "messageId": str(event)},
    )


async def lock_on_their_way(connection: Connection, chooser: Chooser) -> list[OnItsWay]:
    """Marketing messages of the customer, and of those that were merged into it, that are claimed or could be at any
    moment; locked, so that none is claimed, settled or queued again before this transaction ends."""
    rows = await connection.fetch(
        f"""
        {WITH_SAME}
        SELECT m.partition, m.id, m.channel, m.template, m.rule_set, m.state, m.attempt
        FROM message m JOIN same s ON m.partition = s.partition AND m.customer = s.id
        WHERE NOT m.transactional AND m.channel NOT IN ('webhook', 'staff')
          AND (m.state = 'sending' OR m.state = 'queued' AND m.due_at <= clock_timestamp() + $3::interval)
        ORDER BY m.id FOR UPDATE OF m
        """,  # noqa: S608
        chooser.partition,
        chooser.id,
        SOON,
    )
    return [OnItsWay(**row) for row in rows]


async def still_in_hand(connection: Connection, attempts: Sequence[OnItsWay]) -> int:
    """How many of these attempts have not ended yet."""
    count: int = await connection.fetchval(
        """
        SELECT count(*) FROM unnest($1::smallint[], $2::uuid[], $3::uuid[]) AS a (partition, id, attempt)
        JOIN message m ON m.partition = a.partition AND m.id = a.id
        WHERE m.state = 'sending' AND m.attempt = a.attempt
        """,
        [each.partition for each in attempts],
        [each.id for each in attempts],
        [each.attempt for each in attempts],
    )
    return count


async def sent_to(connection: Connection, partitions: Sequence[int], message: UUID) -> str | None:
    """The address that a message went to. It may have moved with its customer."""
    address: str | None = await connection.fetchval(
        "SELECT address FROM message WHERE partition = ANY($1::smallint[]) AND id = $2", partitions, message
    )
    return address


async def note_asked(connection: Connection, entries: Sequence[tuple[int, UUID, ConsentEntry]]) -> None:
    """That customers were asked to confirm, so that they are not asked again at once."""
    asked = [(partition, customer, entry) for partition, customer, entry in entries if entry.how == "asked"]
    if not asked:
        return
    await connection.executemany(
        "UPDATE customer SET chosen = chosen || $3 WHERE partition = $1 AND id = $2",
        [(partition, customer, {asked_mark(entry.what): entry.at.isoformat()}) for partition, customer, entry in asked],
    )
