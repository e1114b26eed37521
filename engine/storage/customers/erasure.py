"""Takes a person out of every table. What figures are counted from stays, and is nobody's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from engine.core.model import PLACE
from engine.storage.customers.holdings import HELD, USES_ALL, Addresses, Person, arguments
from engine.storage.database import Connection
from engine.storage.events.events_in import MERGE


def erased_as(channel: str, address: str) -> str:
    """What the SQL function of this name says of two expressions, the address as it is suppressed, for queries that
    ask for many: the salt is read once for all of them, where a call of the function takes longer than a mail's facts.
    """
    return f"sha256((SELECT erasure_salt FROM installation) || convert_to({channel} || ':' || {address}, 'UTF8'))"  # noqa: S608


async def stop_all(connection: Connection, person: Person) -> int:
    """From now on nothing goes out: runs end, queued messages are deleted. How many are just being handed over."""
    in_hand: int = await connection.fetchval(
        f"""
        WITH locked AS (
            SELECT partition, id, state FROM message WHERE {_OF} AND state IN ('queued', 'sending') FOR UPDATE
        ), gone AS (
            DELETE FROM message m USING locked l
            WHERE m.partition = l.partition AND m.id = l.id AND l.state = 'queued'
        )
        SELECT count(*) FROM locked WHERE state = 'sending'
        """,  # noqa: S608
        *person.places,
    )
    await connection.execute(
        f"""
        UPDATE run SET state = 'ended', wake_at = NULL, open_until = NULL, ended_at = now(), end_reason = 'erased'
        WHERE {_OF} AND state <> 'ended'
        """,  # noqa: S608
        *person.places,
    )
    return in_hand


async def undecided_merges(connection: Connection, person: Person) -> int:
    """How many queued events will merge another customer into the person. That one must be erased as well. Partition by
    partition: joined, each month was read as a whole."""
    waiting: int = await connection.fetchval(
        """
        SELECT count(*) FROM partition_cursor c CROSS JOIN LATERAL (
            SELECT kind, body FROM event
            WHERE event.partition = c.partition AND (event.xid, event.seq) > (c.xid, c.seq)
              AND event.received_at >= least(c.floor, now() - interval '1 day')
            OFFSET 0
        ) e
        WHERE e.kind = $2 AND e.body -> 'properties' ->> 'into' = ANY($1::text[])
        """,
        [each.key for each in person.customers],
        MERGE,
    )
    return waiting


async def note_erased(connection: Connection, person: Person, addresses: Addresses) -> None:
    """Hashes of the person's keys and addresses. Whether an address was suppressed is kept with its hash."""
    channels, known = addresses.columns
    await connection.execute(
        """
        INSERT INTO erasure (hash, suppressed)
        SELECT erased_as('customer', key), NULL FROM unnest($1::text[]) AS key
        UNION
        SELECT erased_as(a.channel, a.address), s.kind FROM unnest($2::text[], $3::text[]) AS a (channel, address)
        LEFT JOIN suppression s USING (channel, address)
        ON CONFLICT (hash) DO UPDATE
        SET at = excluded.at, suppressed = coalesce(excluded.suppressed, erasure.suppressed)
        """,
        [each.key for each in person.customers],
        channels,
        known,
    )


async def erase(connection: Connection, person: Person, addresses: Addresses, ghost: UUID) -> Mapping[str, int]:
    """Rows removed, or made `ghost`'s, by table. Only after `stop_all` has found nothing in hand."""
    given, done = arguments(person, addresses), Counter[str]()
    for table, condition in _DELETED_FIRST:
        done[table] += await _run(connection, f"DELETE FROM {table} t WHERE {condition}", *given)  # noqa: S608
    for table, blank in _BLANKED.items():
        change = f"UPDATE {table} t SET {blank} WHERE {HELD[table][1]}"  # noqa: S608
        done[table] += await _run(connection, f"{change} AND $6::uuid IS NOT NULL", *given, ghost)
    for table in _DELETED_LAST:
        done[table] += await _run(connection, f"DELETE FROM {table} t WHERE {HELD[table][1]}", *given)  # noqa: S608
    return done


async def _run(connection: Connection, statement: str, *given: Any) -> int:
    status = await connection.execute(f"{statement} AND {USES_ALL}", *given)
    return int(status.rpartition(" ")[2])


_OF = "(partition, customer) IN (SELECT * FROM unnest($1::smallint[], $2::uuid[]))"

#: What hangs on runs, messages and events goes before them.
_DELETED_FIRST: tuple[tuple[str, str], ...] = (
    *(
        (table, HELD[table][1])
        for table in ("quarantine", "reject", "mailbox", "hit", "run_note", "outcome", "contact")
    ),
    *((table, HELD[table][1]) for table in ("inbox_message", "membership", "appointment", "count_mark")),
    *((table, HELD[table][1]) for table in ("suppression", "soft_bounce")),
    ("once_mark", f"{HELD['once_mark'][1]} AND t.key <> '{PLACE}'"),  # places are counted
)
#: What figures are counted from. A run keeps what the lot said, and whether its goal was reached.
_BLANKED: dict[str, str] = {
    "once_mark": "customer = $6",
    "reaction": "customer = $6, detail = '{}'",
    "conversion": "customer = $6",
    "points_entry": "customer = $6",
    "promo_code": "customer = $6",
    "consent_entry": "customer = $6, detail = '{}'",
    "run": """
        customer = $6, body = jsonb_strip_nulls(jsonb_build_object(
            'event_id', '00000000-0000-0000-0000-000000000000', 'event_name', '', 'event', '{}'::jsonb,
            'split', body -> 'split', 'goal_until', body -> 'goal_until', 'goal_at', body -> 'goal_at'
        ))""",
    "message": """
        customer = $6, context = '{}', address = NULL, provider_id = NULL, limits = NULL, attempt = NULL,
        reason = CASE WHEN state <> 'sent' THEN 'erased' END""",
}
_DELETED_LAST = ("event", "customer")
