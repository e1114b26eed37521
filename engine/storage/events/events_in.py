"""Events on their way in: the rows of `event` as ingestion writes them. Their reading side is queue.py, beside it.

`event.body` is the one place for what has no column of its own:

    key          "u:42" or "a:…": the customer's key, of which `event.customer` is the hash
    properties   of a track; the traits of an identify; {"into": "u:42"} of a merge
    context      what is kept of the client's context; left out when empty
    messageId    as sent, derived or assigned
    sent_as      the name or the type as the client sent it; left out when it was not changed
    timestamp    as sent; left out unless clock skew or the clamp changed it
    historical   true: history only; left out otherwise
    cause        of events that runs emit; never written here
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from struct import error as StructError
from typing import NamedTuple
from uuid import UUID

import asyncpg
import orjson

from engine.failpoints import reach
from engine.storage.database import Connection
from engine.storage.events.event_rows import COLUMNS, copied

TRACK, IDENTIFY, MERGE = 0, 1, 2


class NewEvent(NamedTuple):
    """One row to insert: a tuple, because a batch is turned into columns."""

    id: UUID
    partition: int
    customer: UUID
    kind: int
    name: str  # "" unless kind is TRACK
    at: datetime  # not after the database's own now; the insert clamps it
    source: str
    body: orjson.Fragment  # of a JSON object, validated: the database must never meet NUL, NaN or a surrogate


#: From here on COPY costs less than an INSERT of arrays, in spite of its three more round trips.
COPY_FROM = 50

# The keys go in sorted, so two batches that share keys wait for each other in one order and cannot deadlock.
# `seq` is the place in the statement: within one transaction id it is unique and keeps the client's order.
_INSERT = """
    WITH given AS MATERIALIZED (
        SELECT *
        FROM unnest($1::uuid[], $2::smallint[], $3::uuid[], $4::smallint[], $5::text[], $6::timestamptz[],
                    $7::text[], $8::jsonb[])
            WITH ORDINALITY AS given (id, partition, customer, kind, name, at, source, body, place)
    ), fresh AS (
        INSERT INTO event_key (id) SELECT id FROM given ORDER BY id ON CONFLICT DO NOTHING RETURNING id
    ), stored AS (
        INSERT INTO event (partition, seq, id, customer, kind, name, at, source, body)
        SELECT partition, place, id, customer, kind, name, least(at, now()), source, body
        FROM given JOIN fresh USING (id)
    )
    SELECT id FROM given WHERE id NOT IN (SELECT id FROM fresh)
"""

# The times are those of these statements, which take the transaction's id: one that stood still after BEGIN would else
# be received before events that are queued ahead of it. To let a known id end the transaction takes two thirds of the
# work, and of the log, that ON CONFLICT takes, which looks for each id before it inserts it.
_INSERT_NEW_KEYS = """
    WITH fresh AS (
        INSERT INTO event_key (id) SELECT id FROM unnest($1::uuid[]) AS given (id) ORDER BY id
    )
    SELECT statement_timestamp()
"""

# The comparison of ids costs nothing while all of them are fresh.
_INSERT_KEYS = """
    WITH fresh AS (
        INSERT INTO event_key (id) SELECT id FROM unnest($1::uuid[]) AS given (id) ORDER BY id
        ON CONFLICT DO NOTHING RETURNING id
    ), counted AS (
        SELECT count(*) < cardinality($1::uuid[]) AS some_known FROM fresh
    )
    SELECT statement_timestamp(),
           CASE WHEN some_known THEN ARRAY(SELECT unnest($1::uuid[]) EXCEPT SELECT id FROM fresh) ELSE '{}' END
    FROM counted
"""


async def insert_events(connection: Connection, events: Sequence[NewEvent], *, likely_new: bool = False) -> set[UUID]:
    """One transaction of its own unless one is open. Returns the ids that were known before: those are left as they
    are.

    `events` must not name an id twice. Many that are `likely_new` cost less, and more when some are not.
    """
    if len(events) < COPY_FROM:
        rows = await connection.fetch(_INSERT, *map(list, zip(*events, strict=True)))
        return {row[0] for row in rows}
    if connection.is_in_transaction():
        return await _copy_events(connection, events)
    if likely_new:
        try:
            async with connection.transaction():
                now = await connection.fetchval(_INSERT_NEW_KEYS, [event[0] for event in events])
                await _copy(connection, events, now)
                return set()
        except asyncpg.UniqueViolationError:
            pass  # all of it was rolled back
    async with connection.transaction():
        return await _copy_events(connection, events)


async def _copy_events(connection: Connection, events: Sequence[NewEvent]) -> set[UUID]:
    row = await connection.fetchrow(_INSERT_KEYS, [event[0] for event in events])
    assert row is not None
    now, known = row[0], set(row[1])
    await _copy(connection, [event for event in events if event[0] not in known] if known else events, now)
    return known


async def _copy(connection: Connection, events: Sequence[NewEvent], now: datetime) -> None:
    try:
        rows = copied(events, now)
    except (ValueError, TypeError, OverflowError, StructError) as error:
        # As for arguments of a statement. The value itself is nobody's business.
        raise asyncpg.DataError(f"a value cannot be encoded: {type(error).__name__}") from error
    await connection.copy_to_table("event", source=_at_once(rows), columns=COLUMNS, format="binary")
    reach("ingest.copied")


async def _at_once(rows: bytes) -> AsyncIterator[bytes]:
    yield rows
