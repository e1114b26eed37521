"""Everything that one customer has, moved to another, set by set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from engine.storage.database import Connection
from engine.storage.events.cursors import Cursor


@dataclass(frozen=True, slots=True)
class Move:
    partition: int
    source: UUID
    target_partition: int
    target: UUID


async def create_target(connection: Connection, move: Move, key: str) -> None:
    """Its first event may not have been decided yet."""
    await connection.execute(
        "INSERT INTO customer (partition, id, key) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        move.target_partition,
        move.target,
        key,
    )


async def move_belongings(connection: Connection, move: Move, after: Cursor) -> None:
    """Runs, notes, marks, messages, outcomes, contacts, points, promo codes, and the events decided up to `after`.

    A message that is being handed over stays where delivery will look for it; its outcome is sent on later.
    """
    places = (move.partition, move.source, move.target_partition, move.target)
    await connection.execute(_NOTES, move.partition, move.source, move.target_partition)
    for statement in (_RUNS, _MARKS, _COUNT_MARKS, _MESSAGES, _REACTIONS, _OUTCOMES):
        await connection.execute(statement, *places)
    await connection.execute(
        "DELETE FROM once_mark WHERE partition = $1 AND customer = $2", move.partition, move.source
    )
    await connection.execute(
        "DELETE FROM count_mark WHERE partition = $1 AND customer = $2", move.partition, move.source
    )
    await connection.execute(_CONTACTS, *places)
    await connection.execute("DELETE FROM contact WHERE partition = $1 AND customer = $2", move.partition, move.source)
    await connection.execute(_INBOX, *places)
    await connection.execute(_DEEDS, *places)
    await connection.execute(_EVENTS, *places, after.xid, after.seq)


_NOTES = """
    UPDATE run_note n SET partition = $3 FROM run r
    WHERE r.partition = $1 AND r.customer = $2 AND n.partition = r.partition AND n.run = r.id
"""
_RUNS = "UPDATE run SET partition = $3, customer = $4 WHERE partition = $1 AND customer = $2"
_MARKS = """
    INSERT INTO once_mark (partition, customer, rule, key, run, at)
    SELECT $3, $4, rule, key, run, at FROM once_mark WHERE partition = $1 AND customer = $2
    ON CONFLICT (partition, customer, rule, key) DO UPDATE SET run = excluded.run, at = excluded.at
    WHERE once_mark.at < excluded.at
"""
_COUNT_MARKS = """
    INSERT INTO count_mark (partition, customer, rule, key, at, used)
    SELECT $3, $4, rule, key, at, used FROM count_mark WHERE partition = $1 AND customer = $2
    ON CONFLICT (partition, customer, rule, key) DO UPDATE SET at = excluded.at, used = excluded.used
    WHERE count_mark.at < excluded.at
"""
# After the messages: hits are known by theirs.
_REACTIONS = """
    WITH told AS (UPDATE reaction SET partition = $3, customer = $4 WHERE partition = $1 AND customer = $2),
    asked AS (
        UPDATE hit h SET partition = $3 FROM message m
        WHERE m.partition = $3 AND m.customer = $4 AND h.partition = $1 AND h.message = m.id
    )
    UPDATE conversion SET partition = $3, customer = $4 WHERE partition = $1 AND customer = $2
"""
_MESSAGES = """
    UPDATE message SET partition = $3, customer = $4 WHERE partition = $1 AND customer = $2 AND state <> 'sending'
"""
_OUTCOMES = "UPDATE outcome SET partition = $3, customer = $4 WHERE partition = $1 AND customer = $2"
_CONTACTS = """
    INSERT INTO contact (partition, customer, channel, address, detail, added_at, gone_at)
    SELECT $3, $4, channel, address, detail, added_at, gone_at FROM contact WHERE partition = $1 AND customer = $2
    ON CONFLICT (partition, customer, channel, address) DO UPDATE
    SET detail = excluded.detail, added_at = excluded.added_at, gone_at = excluded.gone_at
    WHERE contact.added_at < excluded.added_at
"""
_INBOX = "UPDATE inbox_message SET partition = $3, customer = $4 WHERE partition = $1 AND customer = $2"
_DEEDS = """
    WITH ledger AS (UPDATE points_entry SET partition = $3, customer = $4 WHERE partition = $1 AND customer = $2),
    codes AS (UPDATE promo_code SET partition = $3, customer = $4 WHERE partition = $1 AND customer = $2)
    UPDATE customer c SET points = CASE WHEN c.id = $4 THEN c.points + source.points ELSE 0 END
    FROM (SELECT points FROM customer WHERE partition = $1 AND id = $2 AND points > 0) AS source
    WHERE (c.partition, c.id) IN (($1, $2), ($3, $4))
"""
# Places below zero of transaction 0 lie before every cursor, that of a partition without any event included: in its new
# partition an event is history, and never decided again.
_EVENTS = """
    UPDATE event SET partition = $3, customer = $4, xid = '0', seq = nextval('event_seq') - 4611686018427387904
    WHERE customer = $2 AND partition = $1 AND (xid, seq) <= ($5, $6)
"""


async def move_consent(connection: Connection, move: Move, chosen: Mapping[str, str]) -> None:
    """The history, and with it what was `chosen` by either of them."""
    places = (move.partition, move.source, move.target_partition, move.target)
    await connection.execute(_CONSENT, *places)
    if chosen:
        await connection.execute(
            "UPDATE customer SET chosen = $3 WHERE partition = $1 AND id = $2",
            move.target_partition,
            move.target,
            dict(chosen),
        )


_CONSENT = "UPDATE consent_entry SET partition = $3, customer = $4 WHERE partition = $1 AND customer = $2"


async def look_again(connection: Connection, move: Move) -> None:
    """What was noted of either is no longer true of both: the next batch looks at the target anew, and starts nothing.
    What was done for one of them is not done again."""
    places = (move.partition, move.source, move.target_partition, move.target)
    for statement in _NOTED:
        await connection.execute(statement, *places)


_NOTED = (
    """
    DELETE FROM membership
    WHERE (partition = $1::smallint AND customer = $2::uuid) OR (partition = $3::smallint AND customer = $4::uuid)
    """,
    """
    WITH gone AS (DELETE FROM appointment WHERE partition = $1::smallint AND customer = $2::uuid RETURNING *)
    INSERT INTO appointment (partition, customer, errand, name, definition, occasion, done)
    SELECT $3::smallint, $4::uuid, errand, name, '', '', done FROM gone
    ON CONFLICT (partition, customer, errand, name) DO UPDATE SET done = greatest(appointment.done, excluded.done)
    """,
    """
    UPDATE appointment SET at = NULL, definition = ''
    WHERE partition = $3::smallint AND customer = $4::uuid AND ($1::smallint, $2::uuid) IS NOT NULL
    """,
    """
    INSERT INTO appointment (partition, customer, errand, name, at, definition, occasion, done)
    SELECT $3::smallint, $4::uuid, 'segment', '', now(), '', '', '' WHERE ($1::smallint, $2::uuid) IS NOT NULL
    ON CONFLICT (partition, customer, errand, name) DO UPDATE SET at = excluded.at
    """,
)
