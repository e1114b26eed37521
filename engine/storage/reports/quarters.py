"""Quarters of hours of messages that were decided before figures were kept by them: what is missing in them is found a
few hours at a time, the newest first, and added once.

What is missing is what is counted less what stands there. Triggers write down each change together with what it
counts, and folding only moves it: so at any moment the difference is the same, and nobody has to be kept out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from engine.storage.database import Connection
from engine.storage.reports.counting import COUNTED_BY_QUARTERS

#: Messages of whole hours that are counted at once, unless one hour alone has more.
AT_ONCE = 10_000

_COUNT_WITHIN_S = 900.0


class Hours(NamedTuple):
    since: datetime
    until: datetime


async def quarters_since(connection: Connection) -> datetime | None:
    """A whole hour: of what was decided before it quarters do not know all. None: they know of everything."""
    found: datetime | None = await connection.fetchval("SELECT quarters_since FROM installation")
    return found


async def next_hours(connection: Connection, at_once: int = AT_ONCE) -> Hours | None:
    """Whose quarters are to be completed next, just before those that are. None: there are no messages before them."""
    row = await connection.fetchrow(_NEXT, at_once)
    return Hours(*row) if row else None


# Up to the newest message that is one too many, or one hour.
_NEXT = """
    WITH known AS (SELECT quarters_since AS until FROM installation WHERE quarters_since IS NOT NULL)
    SELECT least(
        coalesce(
            date_bin('1 hour', beyond.created_at, '2000-01-01Z') + interval '1 hour',
            date_bin('1 hour', oldest.created_at, '2000-01-01Z')
        ),
        date_bin('1 hour', newest.created_at, '2000-01-01Z')
    ), until
    FROM known
    CROSS JOIN LATERAL (
        SELECT created_at FROM message WHERE created_at < until ORDER BY created_at DESC LIMIT 1) AS newest
    CROSS JOIN LATERAL (SELECT created_at FROM message ORDER BY created_at LIMIT 1) AS oldest
    LEFT JOIN LATERAL (
        SELECT created_at FROM message WHERE created_at < until ORDER BY created_at DESC OFFSET $1 LIMIT 1
    ) AS beyond ON true
"""


async def missing_figures(connection: Connection, hours: Hours) -> Sequence[tuple[Any, ...]]:
    """Rows for `add_missing`. A reader alone: it locks nothing, and takes no transaction id, which would hold up the
    queue of events for as long as it counts."""
    async with connection.transaction(readonly=True):
        await connection.execute(_BY_INDEXES)
        return [tuple(row) for row in await connection.fetch(_MISSING, *hours, timeout=_COUNT_WITHIN_S)]


# Or all reactions there are would be read for each few hours, until there are a great many.
_BY_INDEXES = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"

_MISSING = f"""
    SELECT quarter, rule, template, channel, figure, currency, sum(count)::bigint, sum(amount) FROM (
        SELECT * FROM ({COUNTED_BY_QUARTERS}) AS counted
        UNION ALL
        SELECT start, rule, template, channel, figure, currency, -count, -amount FROM figure
        WHERE grain = 'quarter' AND start >= $1 AND start < $2
        UNION ALL
        SELECT quarter, rule, template, channel, figure, currency, -count, -amount FROM figure_change
        WHERE quarter >= $1 AND quarter < $2
    ) AS counted_and_known GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(count) > 0
"""  # noqa: S608


async def add_missing(connection: Connection, hours: Hours, missing: Sequence[tuple[Any, ...]]) -> bool:
    """Within a transaction: all of it, and that these quarters are complete. False: somebody else has done so."""
    status = await connection.execute("UPDATE installation SET quarters_since = $1 WHERE quarters_since = $2", *hours)
    if status == "UPDATE 0":
        return False
    await connection.execute(_ADD, *([row[place] for row in missing] for place in range(8)))
    return True


# In the order in which changes are folded, so that neither waits for the other in a circle.
_ADD = """
    INSERT INTO figure (grain, start, rule, template, channel, figure, currency, count, amount)
    SELECT 'quarter', * FROM unnest(
        $1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::numeric[]
    ) AS missing (start, rule, template, channel, figure, currency, count, amount)
    ORDER BY start, rule, template, channel, figure, currency
    ON CONFLICT (grain, start, rule, template, channel, figure, currency) DO UPDATE SET
        count = figure.count + excluded.count, amount = figure.amount + excluded.amount
"""
