"""What customers did in the last days, counted for lints. Read only."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from engine.storage.database import Connection

TRACKED = "kind IN (0, 3)"  # what happened: not identify, not merge


class EventCount(NamedTuple):
    name: str
    events: int
    customers: int


class Sampled(NamedTuple):
    name: str
    customer: str
    at: datetime
    keys: list[str]  # of the properties that have a value


async def event_counts(connection: Connection, days: int) -> list[EventCount]:
    rows = await connection.fetch(
        f"""SELECT name, count(*), count(DISTINCT customer) FROM event
            WHERE {TRACKED} AND received_at > now() - make_interval(days => $1)
              AND at > now() - make_interval(days => $1)
            GROUP BY name""",  # noqa: S608
        days,
    )
    return [EventCount(*row) for row in rows]


async def oldest_event(connection: Connection) -> date | None:
    oldest: datetime | None = await connection.fetchval("SELECT min(at) FROM event")
    return oldest.date() if oldest else None


async def sample_events(connection: Connection, days: int, every: int) -> list[Sampled]:
    """All events of one customer in `every`."""
    rows = await connection.fetch(
        f"""SELECT name, customer::text, at, ARRAY(
                SELECT key FROM jsonb_each(body -> 'properties') WHERE jsonb_typeof(value) <> 'null'
            )
            FROM event
            WHERE {TRACKED} AND received_at > now() - make_interval(days => $1)
              AND at > now() - make_interval(days => $1) AND abs(hashtext(customer::text) % $2) = 0""",  # noqa: S608
        days,
        every,
    )
    return [Sampled(*row) for row in rows]


async def known_attributes(connection: Connection) -> tuple[int, dict[str, int]]:
    """Of how many customers each attribute is known, and how many customers there are."""
    row = await connection.fetchrow(
        """SELECT count(*), count(email), count(phone), count(timezone), count(locale)
           FROM customer WHERE merged_into IS NULL"""
    )
    customers, *columns = row or (0, 0, 0, 0, 0)
    own = await connection.fetch(
        """SELECT own.key, count(*) FROM customer CROSS JOIN LATERAL jsonb_each(attributes) AS own
           WHERE merged_into IS NULL AND jsonb_typeof(own.value) <> 'null' GROUP BY own.key"""
    )
    return customers, {
        **dict(zip(("email", "phone", "timezone", "locale"), columns, strict=True)),
        **{row[0]: row[1] for row in own},
    }
