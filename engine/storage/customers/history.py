"""What a customer did before this batch: decided events only, so that a replay sees what the first reading saw."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from engine.core.model import Past
from engine.storage.database import Connection
from engine.storage.events.cursors import Cursor


class Sought(NamedTuple):
    """The newest event of a name that a customer did, decided up to the cursor, if it lies after `since`."""

    customer: UUID
    cursor: Cursor
    name: str
    since: datetime


async def newest_times(connection: Connection, sought: Sequence[Sought]) -> list[tuple[UUID, str, datetime]]:
    """Customer, event name and the newest time of it. One probe of each month from `since` on, as in `read_past`."""
    rows = await connection.fetch(
        """
        SELECT s.customer, s.name, h.at
        FROM unnest($1::smallint[], $2::uuid[], $3::xid8[], $4::bigint[], $5::text[], $6::timestamptz[])
            AS s (partition, customer, xid, seq, name, since)
        CROSS JOIN LATERAL (
            SELECT e.at FROM event e
            WHERE e.partition = s.partition AND e.customer = s.customer AND e.name = s.name AND e.at > s.since
              AND e.received_at > s.since - interval '1 hour' AND e.received_at < now() + interval '1 day'
              AND (e.xid, e.seq) <= (s.xid, s.seq)
            ORDER BY e.at DESC LIMIT 1
        ) h
        """,
        [each.cursor.partition for each in sought],
        [each.customer for each in sought],
        [each.cursor.xid for each in sought],
        [each.cursor.seq for each in sought],
        [each.name for each in sought],
        [each.since for each in sought],
    )
    return [(row[0], row[1], row[2]) for row in rows]


def by_customer(rows: Sequence[tuple[UUID, str, datetime]]) -> Mapping[UUID, dict[str, datetime]]:
    """Keeps the newest of equal names."""
    found: dict[UUID, dict[str, datetime]] = {}
    for customer, name, at in rows:
        seen = found.setdefault(customer, {})
        if name not in seen or seen[name] < at:
            seen[name] = at
    return found


async def events_since(
    connection: Connection, customer: UUID, cursor: Cursor, *, since: datetime, names: Collection[str]
) -> list[Any]:
    """Decided events of these names with their bodies, in the order of their own times, as rows of the queue."""
    return await connection.fetch(
        """
        SELECT partition, xid, seq, id, customer, kind, name, at, received_at, body FROM event
        WHERE partition = $1 AND customer = $2 AND name = ANY($3::text[]) AND at >= $4 AND (xid, seq) <= ($5, $6)
        ORDER BY at
        """,
        cursor.partition,
        customer,
        list(names),
        since,
        cursor.xid,
        cursor.seq,
    )


class Probe(NamedTuple):
    """Of one customer: the newest `most` events of a name after `since`, decided up to the cursor."""

    customer: UUID
    cursor: Cursor
    name: str
    since: datetime
    most: int


async def read_past(
    connection: Connection, probes: Sequence[Probe], properties: Mapping[str, Collection[str]]
) -> list[tuple[Past, ...]]:
    """For each probe its events, oldest first, with no more of their properties than is named for the event.

    An event is received after it happened (emitted ones a moment before), so older partitions need not be looked into;
    nor those of months to come, though a clock may have been set back by a day.
    """
    rows = await connection.fetch(
        _PAST,
        [probe.cursor.partition for probe in probes],
        [probe.customer for probe in probes],
        [probe.cursor.xid for probe in probes],
        [probe.cursor.seq for probe in probes],
        [probe.name for probe in probes],
        [probe.since for probe in probes],
        [probe.most for probe in probes],
        {name: sorted(chosen) for name, chosen in properties.items() if chosen},
    )
    found: list[tuple[Past, ...]] = [()] * len(probes)
    for place, times, bodies in rows:
        if bodies is None:
            found[place - 1] = tuple(Past(at, {}) for at in reversed(times))
        else:
            found[place - 1] = tuple(map(Past, reversed(times), reversed(bodies)))
    return found


#: As one call for each number of properties up to this: a loop over them costs as much as finding the event.
_MOST_BUILT = 6


def _built(count: int) -> str:
    names = (f"n.names ->> {place}" for place in range(count))
    pairs = (f"{name}, e.body -> 'properties' -> ({name})" for name in names)
    return f"jsonb_build_object({', '.join(pairs)})"


_PROPERTIES = "\n".join(f"WHEN {count} THEN {_built(count)}" for count in range(1, _MOST_BUILT + 1))

# The newest first, as the index has them; equal times in the order in which they were decided.
_PAST = f"""
    SELECT p.place, h.times, h.bodies
    FROM unnest($1::smallint[], $2::uuid[], $3::xid8[], $4::bigint[], $5::text[], $6::timestamptz[], $7::integer[])
        WITH ORDINALITY AS p (partition, customer, xid, seq, name, since, most, place)
    CROSS JOIN LATERAL (SELECT $8::jsonb -> p.name AS names) n
    CROSS JOIN LATERAL (
        SELECT array_agg(n.at ORDER BY n.at DESC, n.xid DESC, n.seq DESC) AS times,
               CASE WHEN bool_or(n.properties IS NOT NULL)
                    THEN jsonb_agg(n.properties ORDER BY n.at DESC, n.xid DESC, n.seq DESC) END AS bodies
        FROM (
            SELECT e.at, e.xid, e.seq,
                   CASE WHEN n.names IS NOT NULL THEN CASE jsonb_array_length(n.names)
                       {_PROPERTIES}
                       ELSE (
                           SELECT jsonb_object_agg(each, e.body -> 'properties' -> each)
                           FROM jsonb_array_elements_text(n.names) AS each
                       )
                   END END AS properties
            FROM event e
            WHERE e.partition = p.partition AND e.customer = p.customer AND e.name = p.name AND e.at > p.since
              AND e.received_at > p.since - interval '1 hour' AND e.received_at < now() + interval '1 day'
              AND (e.xid, e.seq) <= (p.xid, p.seq)
            ORDER BY e.at DESC, e.xid DESC, e.seq DESC
            LIMIT p.most
        ) n
    ) h
    WHERE h.times IS NOT NULL
"""  # noqa: S608 -- of words of this file alone
