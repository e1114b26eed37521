"""The event table has a partition a month, so that growth is ended by a drop. They are made ahead; what comes for a
month without one lands in `event_default` and stays readable there."""

from __future__ import annotations

from datetime import datetime

import asyncpg
import structlog

from engine.core.calendar import FAR
from engine.storage.database import Connection, Database

MONTHS_AHEAD = 2
_LOCK = 0x6D6F6E7468  # "month": one worker at a time

_log = structlog.get_logger(__name__)


async def make_event_partitions(database: Database) -> list[str]:
    """The names of those that were missing and are made now. A month that has rows in the default is left there.

    Must have run before the first event of a month is written: an insert on its way to the default while its month is
    attached fails.
    """
    made = []
    async with database.connection() as connection:
        now: datetime = await connection.fetchval("SELECT now()")
        months = [_month(now.year, month) for month in range(now.month - 1, now.month + MONTHS_AHEAD + 1)]
        names = [f"event_{start[:7].replace('-', '_')}" for start in months]
        found = await connection.fetch(
            "SELECT name FROM unnest($1::text[]) name WHERE to_regclass(name) IS NULL", names
        )
        missing = {row["name"] for row in found}
        for name, start, end in zip(names, months, months[1:], strict=False):
            try:
                if name in missing and await _make(connection, name, start, end):
                    made.append(name)
            except asyncpg.DuplicateTableError:
                continue  # another process was faster; the catalog's cache had not heard of it yet
            except (asyncpg.CheckViolationError, asyncpg.LockNotAvailableError) as error:
                _log.warning("event_partition_not_made", month=start[:7], error=str(error))
    return made


async def empty_months(connection: Connection) -> tuple[datetime, datetime]:
    """From when to when nothing was received: months that are made ahead. The same moment twice if there are none.

    Stays true for decided events of partitions whose cursors are locked.
    """
    rows = await connection.fetch(_AHEAD)
    begins, ends = rows[0] if rows else (FAR, FAR)
    for start, end in rows[1:]:
        if start == ends:  # events of a month that was not made lie in the default
            ends = end
    return begins, ends


_AHEAD = """
    SELECT m.start AT TIME ZONE 'UTC', (m.start + interval '1 month') AT TIME ZONE 'UTC'
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    CROSS JOIN LATERAL (
        SELECT to_date(substring(c.relname::text, '^event_([0-9]{4}_[0-9]{2})$'), 'YYYY_MM')::timestamp AS start
    ) AS m
    WHERE i.inhparent = 'event'::regclass AND m.start AT TIME ZONE 'UTC' > now() AND pg_relation_size(c.oid) = 0
    ORDER BY m.start
"""


def _month(year: int, index: int) -> str:
    """`index` counts from 0 and may run past December."""
    return f"{year + index // 12:04}-{index % 12 + 1:02}-01"


async def _make(connection: Connection, name: str, start: str, end: str) -> bool:
    """Attached rather than created in place: that does not lock out readers and writers of the whole table."""
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        if await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", name):
            return False
        await connection.execute("SET LOCAL lock_timeout = '2s'")
        await connection.execute(f"CREATE TABLE {name} (LIKE event INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
        await connection.execute(
            f"ALTER TABLE event ATTACH PARTITION {name} FOR VALUES FROM ('{start}+00') TO ('{end}+00')"
        )
        return True
