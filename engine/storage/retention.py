"""What is kept for people to look at, for a while: kept mails, refused events, inboxes. A little at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from engine.storage.database import Connection

#: Rows that one statement deletes: no lock lasts long, and no transaction is large.
AT_ONCE = 1_000

#: By table, the column that says how old a row is. The ids of these tables are numbers that grow with time.
_TIMES = {"mailbox": "at", "reject": "received_at", "inbox_message": "at"}
#: The same for tables without such an id. They have an index on the column.
_BY_TIME = {"hit": "at", "callback": "received_at"}


async def delete_old(connection: Connection, keep: Mapping[str, timedelta]) -> dict[str, int]:
    """At most AT_ONCE rows of each table, those with the lowest ids first; how many went."""
    deleted = {}
    for table, length in keep.items():
        if table in _BY_TIME:
            deleted[table] = await _delete_by_time(connection, table, length)
            continue
        at = _TIMES[table]
        status = await connection.execute(
            f"""
            DELETE FROM {table} WHERE id IN (
                SELECT id FROM (SELECT id, {at} FROM {table} ORDER BY id LIMIT {AT_ONCE}) oldest
                WHERE {at} < now() - $1::interval
            )
            """,  # noqa: S608
            length,
        )
        deleted[table] = int(status.rpartition(" ")[2])
    return deleted


async def _delete_by_time(connection: Connection, table: str, length: timedelta) -> int:
    at = _BY_TIME[table]
    status = await connection.execute(
        f"""
        DELETE FROM {table} WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM {table} WHERE {at} < now() - $1::interval ORDER BY {at} LIMIT {AT_ONCE}
        ))
        """,  # noqa: S608
        length,
    )
    return int(status.rpartition(" ")[2])
