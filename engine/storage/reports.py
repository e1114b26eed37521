"""Figures of messages, counted when somebody asks. By the time at which they were decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from engine.storage.database import Connection


class Subject(NamedTuple):
    """What figures are told apart by."""

    rule: str
    template: str
    channel: str


class HeldOut(NamedTuple):
    """Runs of a rule that reached its split, by whether the lot kept them out."""

    rule: str
    is_held_out: bool
    people: int
    converted: int


_WINDOW = "m.created_at >= $1 AND m.created_at < $2 AND m.channel NOT IN ('webhook', 'staff')"


async def message_counts(connection: Connection, since: datetime, until: datetime) -> list[tuple[Subject, str, int]]:
    """By state."""
    rows = await connection.fetch(
        f"SELECT rule, template, channel, state, count(*) FROM message m WHERE {_WINDOW} GROUP BY 1, 2, 3, 4",  # noqa: S608
        since,
        until,
    )
    return [(Subject(*row[:3]), row[3], row[4]) for row in rows]


async def reaction_counts(connection: Connection, since: datetime, until: datetime) -> list[tuple[Subject, str, int]]:
    """By kind; who followed a link has opened the mail, though its pictures were never asked for."""
    rows = await connection.fetch(
        f"""
        SELECT m.rule, m.template, m.channel, k.kind, count(DISTINCT (m.partition, m.id))
        FROM message m JOIN reaction r ON r.partition = m.partition AND r.message = m.id
        CROSS JOIN LATERAL unnest(CASE r.kind WHEN 'clicked' THEN ARRAY['opened', 'clicked'] ELSE ARRAY[r.kind] END)
            AS k (kind)
        WHERE {_WINDOW} GROUP BY 1, 2, 3, 4
        """,  # noqa: S608
        since,
        until,
    )
    return [(Subject(*row[:3]), row[3], row[4]) for row in rows]


async def unsubscribe_counts(connection: Connection, since: datetime, until: datetime) -> list[tuple[Subject, int]]:
    """Customers who left by a link of the message."""
    rows = await connection.fetch(
        f"""
        SELECT m.rule, m.template, m.channel, count(DISTINCT e.message)
        FROM consent_entry e JOIN message m ON m.partition = e.partition AND m.id = e.message
        WHERE e.given = false AND {_WINDOW} GROUP BY 1, 2, 3
        """,  # noqa: S608
        since,
        until,
    )
    return [(Subject(*row[:3]), row[3]) for row in rows]


async def conversion_counts(
    connection: Connection, since: datetime, until: datetime
) -> list[tuple[Subject, str | None, int, Decimal | None]]:
    """By currency: how many, and their sum."""
    rows = await connection.fetch(
        f"""
        SELECT m.rule, m.template, m.channel, v.currency, count(*), sum(v.revenue)
        FROM message m JOIN conversion v ON v.partition = m.partition AND v.message = m.id
        WHERE {_WINDOW} GROUP BY 1, 2, 3, 4
        """,  # noqa: S608
        since,
        until,
    )
    return [(Subject(*row[:3]), row[3], row[4], row[5]) for row in rows]


async def held_out_counts(connection: Connection, since: datetime, until: datetime) -> Sequence[HeldOut]:
    """Of rules with a goal that kept somebody out. Customers count once, and have converted when any run of theirs
    has."""
    rows = await connection.fetch(
        """
        WITH split AS (
            SELECT rule, customer, bool_or(end_reason = 'holdout') AS held, bool_or(body ? 'goal_at') AS reached
            FROM run WHERE began_at >= $1 AND began_at < $2 AND body ? 'split' AND body ? 'goal_until'
            GROUP BY rule, customer
        )
        SELECT rule, coalesce(held, false), count(*), count(*) FILTER (WHERE reached) FROM split
        WHERE rule IN (SELECT rule FROM split WHERE held) GROUP BY 1, 2
        """,
        since,
        until,
    )
    return [HeldOut(*row) for row in rows]
