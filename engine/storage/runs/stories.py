"""What is recorded about one customer and one rule, for `explain`. Read only, and off the hot path."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.core.model import Event, Past
from engine.storage.database import Connection
from engine.storage.events.stored import event_of

_MOST = 10_000  # of one customer's events, as in a batch

#: How notes of a run are ordered. Rows from before there were places have none: where they lie must do.
AS_WRITTEN = "at, place NULLS FIRST, ctid"


async def runs_of_rule(
    connection: Connection, partition: int, customer: UUID, *, rule: str, until: datetime
) -> list[Any]:
    """The newest twenty, newest first."""
    return await connection.fetch(
        """
        SELECT id, rule_set, state, wake_at, began_at, ended_at, end_reason, body FROM run
        WHERE partition = $1 AND customer = $2 AND rule = $3 AND began_at <= $4
        ORDER BY began_at DESC LIMIT 20
        """,
        partition,
        customer,
        rule,
        until,
    )


async def last_runs(connection: Connection, partition: int, customer: UUID, *, until: datetime) -> list[Any]:
    """The newest of each rule."""
    return await connection.fetch(
        """
        SELECT DISTINCT ON (rule) rule, id, rule_set, state, wake_at, began_at, ended_at, end_reason, body FROM run
        WHERE partition = $1 AND customer = $2 AND began_at <= $3 ORDER BY rule, began_at DESC
        """,
        partition,
        customer,
        until,
    )


async def newest_of_each(
    connection: Connection, customer: UUID, names: Collection[str], *, until: datetime
) -> dict[str, Event]:
    """The newest event of each name."""
    rows = await connection.fetch(
        """
        SELECT found.* FROM unnest($2::text[]) AS wanted (name) CROSS JOIN LATERAL (
            SELECT id, customer, kind, name, at, received_at, body FROM event
            WHERE customer = $1 AND event.name = wanted.name AND at <= $3 ORDER BY at DESC LIMIT 1
        ) AS found
        """,
        customer,
        list(names),
        until,
    )
    return {row["name"]: event_of(row) for row in rows}


async def notes_of_runs(
    connection: Connection, partition: int, runs: Collection[UUID], *, until: datetime
) -> list[Any]:
    """In the order in which they were written."""
    return await connection.fetch(
        f"""
        SELECT run, at, line, what, detail FROM run_note
        WHERE partition = $1 AND run = ANY($2::uuid[]) AND at <= $3 ORDER BY {AS_WRITTEN}
        """,  # noqa: S608
        partition,
        list(runs),
        until,
    )


async def messages_of_runs(
    connection: Connection, partition: int, runs: Collection[UUID], *, until: datetime
) -> list[Any]:
    return await connection.fetch(
        """
        SELECT run, channel, template, state, reason, due_at, settled_at, created_at, context->'way' AS way FROM message
        WHERE partition = $1 AND run = ANY($2::uuid[]) AND created_at <= $3 ORDER BY created_at
        """,
        partition,
        list(runs),
        until,
    )


async def reactions_of_runs(
    connection: Connection, partition: int, runs: Collection[UUID], *, until: datetime
) -> list[Any]:
    """What their messages met with, and the goals that count as theirs."""
    return await connection.fetch(
        """
        SELECT m.run, m.channel, m.template, met.kind, met.at, met.detail FROM message m CROSS JOIN LATERAL (
            SELECT kind, at, detail FROM reaction r WHERE r.partition = m.partition AND r.message = m.id
            UNION ALL
            SELECT 'converted', at, jsonb_build_object('revenue', revenue::text, 'currency', currency)
            FROM conversion c WHERE c.partition = m.partition AND c.message = m.id
        ) AS met
        WHERE m.partition = $1 AND m.run = ANY($2::uuid[]) AND met.at <= $3 ORDER BY met.at, met.kind
        """,
        partition,
        list(runs),
        until,
    )


async def newest_events(
    connection: Connection, customer: UUID, names: Collection[str], *, until: datetime, limit: int
) -> list[Event]:
    """Events of these names, newest first."""
    rows = await connection.fetch(
        """
        SELECT id, customer, kind, name, at, received_at, body FROM event
        WHERE customer = $1 AND name = ANY($2::text[]) AND at <= $3 ORDER BY at DESC LIMIT $4
        """,
        customer,
        list(names),
        until,
        limit,
    )
    return [event_of(row) for row in rows]


async def history_until(
    connection: Connection, customer: UUID, names: Collection[str], *, until: datetime
) -> dict[str, tuple[Past, ...]]:
    """By name, oldest first, with all properties."""
    history: dict[str, tuple[Past, ...]] = {}
    for event in reversed(await newest_events(connection, customer, names, until=until, limit=_MOST)):
        history[event.name] = (*history.get(event.name, ()), Past(event.at, event.properties))
    return history


async def identifications(connection: Connection, customer: UUID, *, until: datetime) -> list[Any]:
    """What was told of the customer, in the order in which it came."""
    return await connection.fetch(
        """
        SELECT kind, body FROM event WHERE customer = $1 AND name = '' AND received_at <= $2
        ORDER BY received_at, xid, seq
        """,
        customer,
        until,
    )
