"""Reads which customers with due appointments can share a decision, and the facts by which they differ."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.core.standing.crowds import CrowdCode
from engine.storage.arrays import array_of
from engine.storage.database import Connection
from engine.storage.runs.appointments import Due


async def what_tells_apart(
    connection: Connection, code: CrowdCode, due: Sequence[Due], now: datetime
) -> list[tuple[int, list[UUID], tuple[Any, ...]]]:
    """By a place in `due`, those of whom nothing else could matter, with what the rule's start reads of them.

    Left out is who has more due, or a run of the rule, or a message of the last minute: they are decided one by one.
    All of them were looked at, so who has no membership is not in the segment.
    """
    rows = await connection.fetch(
        LOOK,
        array_of(place for place, each in enumerate(due, start=1) for _ in each.customers),
        array_of(each.partition for each in due for _ in each.customers),
        [customer for each in due for customer in each.customers],
        [each.at for each in due],
        code.rule,
        now,
        list(code.segments),
        list(code.segments.values()),
        list(code.attributes),
        list(code.stops),
        code.is_once,
    )
    return [(row[0] - 1, row[1], (row[2], tuple(row[3]), row[4])) for row in rows]


# Each is one probe of the index by customer, whatever the planner thinks (OFFSET 0): an index by time looks as good
# while runs, messages and what is due are few, and is read whole for each customer when a mailing has made them many.
LOOK = """
    SELECT w.place, array_agg(w.customer), c.timezone,
           ARRAY(SELECT (SELECT true FROM (
                     SELECT definition, is_in FROM membership m
                     WHERE m.partition = w.partition AND m.customer = w.customer AND m.segment = s.name OFFSET 0
                 ) m WHERE m.definition = s.definition AND m.is_in LIMIT 1) IS NOT NULL
                 FROM unnest($7::text[], $8::text[]) WITH ORDINALITY AS s (name, definition, place) ORDER BY s.place),
           CASE WHEN cardinality($9::text[]) > 0 THEN
               (SELECT jsonb_object_agg(n, c.attributes -> n)::text FROM unnest($9::text[]) AS n) END
    FROM unnest($1::text::int[], $2::text::smallint[], $3::uuid[]) AS w (place, partition, customer)
    CROSS JOIN LATERAL (
        SELECT timezone, attributes FROM customer
        WHERE customer.partition = w.partition AND customer.id = w.customer AND merged_into IS NULL LIMIT 1
    ) AS c
    WHERE (SELECT true FROM (
               SELECT state, rule, wake_at FROM run r
               WHERE r.partition = w.partition AND r.customer = w.customer AND r.open_until > $6 OFFSET 0
           ) r WHERE r.state <> 'ended' AND (r.rule = $5 OR r.wake_at <= $6) LIMIT 1) IS NULL
      AND (SELECT true FROM (
               SELECT created_at FROM message m WHERE m.partition = w.partition AND m.customer = w.customer OFFSET 0
           ) m WHERE m.created_at > $6 - interval '1 minute' LIMIT 1) IS NULL
      AND (SELECT true FROM (
               SELECT errand, name, at FROM appointment a
               WHERE a.partition = w.partition AND a.customer = w.customer OFFSET 0
           ) a WHERE a.at <= $6 AND (a.errand, a.name) <> ('schedule', $5) LIMIT 1) IS NULL
      AND (NOT $11 OR (SELECT true FROM (
               SELECT rule FROM once_mark o WHERE o.partition = w.partition AND o.customer = w.customer OFFSET 0
           ) o WHERE o.rule = $5 LIMIT 1) IS NULL)
      AND (cardinality($10::text[]) = 0 OR (SELECT true FROM event e
           WHERE e.partition = w.partition AND e.customer = w.customer AND e.name = ANY($10::text[])
             AND e.at >= ($4::timestamptz[])[w.place] LIMIT 1) IS NULL)
    GROUP BY 1, 3, 4, 5 ORDER BY 1
"""
