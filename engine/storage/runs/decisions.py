"""What a batch decided, besides runs and customers: messages, withdrawals, emitted events, notes. Bulk writes only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.core.effects import NewMessage, Note, Withdrawal
from engine.core.model import Event
from engine.storage.database import Connection
from engine.storage.events.queue import DECIDED


async def insert_messages(connection: Connection, messages: Sequence[tuple[int, NewMessage]]) -> None:
    """Queue them for delivery, by COPY, which raises UniqueViolationError for an id that exists."""
    await connection.copy_records_to_table(
        "message", columns=_MESSAGE, records=[record_of_message(partition, message) for partition, message in messages]
    )


async def add_messages(connection: Connection, messages: Sequence[tuple[int, NewMessage]]) -> None:
    """The careful way: an id that exists is left as it is, because the same decision counts once."""
    records = [record_of_message(partition, message) for partition, message in messages]
    await connection.execute(
        """
        INSERT INTO message (partition, id, customer, run, rule, rule_set, step, channel, template, context,
                             transactional, due_at, limits)
        SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::bigint[], $7::int[],
                             $8::text[], $9::text[], $10::jsonb[], $11::boolean[], $12::timestamptz[],
                             $13::jsonb[])
        ON CONFLICT DO NOTHING
        """,
        *map(list, zip(*records, strict=True)),
    )


_MESSAGE = (
    *("partition", "id", "customer", "run", "rule", "rule_set", "step", "channel", "template", "context"),
    *("transactional", "due_at", "limits"),
)


def record_of_message(partition: int, message: NewMessage) -> tuple[Any, ...]:
    return (
        partition,
        message.id,
        message.customer,
        message.run,
        message.rule,
        message.rule_set,
        message.step,
        message.channel,
        message.template,
        message.context,
        message.transactional,
        message.due_at,
        message.limits.as_json() or None,
    )


async def withdraw_messages(connection: Connection, withdrawals: Sequence[tuple[int, Withdrawal]]) -> None:
    """Those still queued are suppressed, with the reason, and their runs hear of it: nothing was sent, so `once per`
    has nothing to count. One already claimed by delivery is past recall."""
    await connection.execute(
        """
        WITH withdrawn AS (
            UPDATE message m SET state = 'suppressed', reason = w.reason, settled_at = now()
            FROM unnest($1::smallint[], $2::uuid[], $3::text[]) AS w (partition, run, reason)
            WHERE m.partition = w.partition AND m.run = w.run AND m.state = 'queued'
              AND m.channel NOT IN ('webhook', 'staff')
            RETURNING m.partition, m.id, m.run, m.customer, m.reason
        )
        INSERT INTO outcome (partition, message, run, customer, state, at, reason)
        SELECT partition, id, run, customer, 'suppressed', now(), reason FROM withdrawn
        ON CONFLICT (partition, message) DO NOTHING
        """,
        [partition for partition, _ in withdrawals],
        [withdrawal.run for _, withdrawal in withdrawals],
        [withdrawal.reason for _, withdrawal in withdrawals],
    )


async def insert_emitted(connection: Connection, events: Sequence[tuple[int, str, Event]]) -> None:
    """History of what runs emitted, with partition and the customer's key: transaction 0 lies before every cursor."""
    await connection.execute(
        """
        INSERT INTO event (partition, xid, id, customer, kind, name, at, source, body)
        SELECT partition, '0', id, customer, $6, name, at, 'kogda', body
        FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $7::jsonb[])
            AS n (partition, id, customer, name, at, body)
        """,
        [partition for partition, _, _ in events],
        [event.id for _, _, event in events],
        [event.customer for _, _, event in events],
        [event.name for _, _, event in events],
        [event.at for _, _, event in events],
        DECIDED,
        [_emitted_body(key, event) for _, key, event in events],
    )


def _emitted_body(key: str, event: Event) -> dict[str, Any]:
    body: dict[str, Any] = {"key": key, "properties": event.properties}
    if event.cause:
        body["cause"] = {"run": str(event.cause.run), "rule": event.cause.rule, "depth": event.cause.depth}
    return body


async def insert_notes(connection: Connection, notes: Sequence[tuple[int, Note]]) -> None:
    await connection.copy_records_to_table(
        "run_note",
        columns=("partition", "run", "at", "line", "what", "detail"),
        records=[(partition, note.run, note.at, note.line, note.what, note.detail) for partition, note in notes],
    )


async def recent_templates(
    connection: Connection, partitions: Sequence[int], customers: Sequence[UUID], since: datetime
) -> list[tuple[UUID, str, datetime]]:
    """Of customers given with their partitions: customer, what was said (as `said_as` puts it) and the time of each
    message decided after `since`."""
    rows = await connection.fetch(
        """
        SELECT m.* FROM unnest($1::smallint[], $2::uuid[]) AS w (partition, customer)
        CROSS JOIN LATERAL (
            SELECT customer, channel || '/' || template || CASE WHEN transactional THEN coalesce((
                SELECT '#' || nullif(body ->> 'key', '') FROM run
                WHERE run.partition = message.partition AND run.id = message.run
            ), '') ELSE '' END, created_at FROM message
            WHERE partition = w.partition AND customer = w.customer AND created_at > $3 AND state <> 'postponed'
            OFFSET 0
        ) m
        """,
        partitions,
        customers,
        since,
    )
    return [(row[0], row[1], row[2]) for row in rows]
