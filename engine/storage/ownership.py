"""Whose a database is. What was copied from a server that still lives would send all that the other sends once more.

Two things tell a copy: it bears another name than this installation goes by (KOGDA_INSTANCE); or its server began from
a base backup that nobody has claimed. The second can be seen by a superuser alone, and only of a copy that goes on by
itself: one that followed its original and was promoted, as after a failover, is on a timeline of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.errors import NotOurs
from engine.storage.database import Connection, Database

_ROW = "SELECT instance, base_backup FROM installation FOR UPDATE"
_MAY_LOOK = "SELECT has_function_privilege('pg_read_file(text, bigint, bigint, boolean)', 'EXECUTE')"
#: What PostgreSQL leaves of the label of a backup after it began from it.
_LABEL = """
    SELECT label, ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint AS timeline,
           substring(label FROM 'START TIMELINE: ([0-9]+)')::bigint AS began_on
    FROM pg_read_file('backup_label.old', 0, 8192, true) AS label
"""
_WAITING = """
    SELECT (SELECT max(at) FROM worker_heartbeat) AS last_seen,
           (SELECT count(*) FROM message WHERE state IN ('queued', 'sending') AND due_at <= now()) AS messages,
           (SELECT count(*) FROM run WHERE state <> 'ended' AND wake_at <= now()) AS runs
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What would be done at once."""

    last_seen: datetime | None  # a worker, by this database: later ones belong to the original
    messages: int
    runs: int


async def require_ours(database: Database, instance: str | None) -> None:
    """`instance`: the name that this process was given. The first that comes with one gives it to the database.

    Raises NotOurs for what looks like a copy.
    """
    async with database.transaction() as connection:
        if await connection.fetchval("SELECT pg_is_in_recovery()"):
            return  # nobody can send from it
        row = await connection.fetchrow(_ROW)
        assert row is not None
        if row["instance"] not in (None, instance):
            raise NotOurs.by_name(row["instance"], instance)
        found = await _base_backup(connection)
        if found is not None and row["base_backup"] is not None and found != row["base_backup"]:
            raise NotOurs.by_backup()
        kept = row["base_backup"] if found is None else found
        if (instance, kept) != tuple(row):
            await _keep(connection, instance, kept)


async def claim(connection: Connection, instance: str | None) -> None:
    """It is this installation's from now on, wherever it came from."""
    await connection.fetchrow(_ROW)
    await _keep(connection, instance, await _base_backup(connection))


async def waiting(connection: Connection) -> Waiting:
    row = await connection.fetchrow(_WAITING)
    assert row is not None
    return Waiting(*row)


async def _keep(connection: Connection, instance: str | None, base_backup: str | None) -> None:
    await connection.execute("UPDATE installation SET instance = $1, base_backup = $2", instance, base_backup)


async def _base_backup(connection: Connection) -> str | None:
    """As the column has it. None: it cannot be told, or says nothing, because the server was promoted since."""
    if not await connection.fetchval(_MAY_LOOK):
        return None
    row = await connection.fetchrow(_LABEL)
    if row is None or row["label"] is None:
        return ""
    if row["timeline"] != row["began_on"]:
        return None
    digest: str = await connection.fetchval("SELECT md5($1)", row["label"])
    return digest
