"""Bring a database to this version's tables with Alembic. One process at a time does the work, others wait.

A new database gets all of them at once, one that is in use a script after the other: whoever works beside it waits for
moments, and not at all for a table that somebody else will not let go of. Then come the indexes of large tables, which
take their time and make nobody wait.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import NullPool

from engine.errors import DatabaseUnreachable, TablesInUse
from engine.storage.database import sqlalchemy_engine
from engine.storage.large_indexes import make_large_indexes
from engine.storage.revisions import require_known, wanted_revision

_SCRIPTS = Path(__file__).parent / "migrations"
_LOCK = 0x6B6F676461  # "kogda"

#: Who waits for a lock holds up all who come after, even those who would get along with its holder.
_WAIT_FOR_A_LOCK = "3s"
_LET_OTHERS_S = 2.0
_TRIES = 20
_LOCKED = {"55P03", "40P01"}  # lock_not_available, deadlock_detected

_log = structlog.get_logger(__name__)


async def migrate(url: str, *, tries: int = _TRIES) -> None:
    """Raises DatabaseUnreachable, SchemaNewer, TablesInUse or IndexNotMade. Safe to call from several processes at
    once, and again after any of them ended in the middle."""
    engine = sqlalchemy_engine(url, poolclass=NullPool)
    try:
        async with aclosing(await _connected(engine)) as connection:
            while await _step(connection, tries):
                pass
    except OperationalError as error:
        raise DatabaseUnreachable(f"the database does not answer: {error.orig}") from error
    finally:
        await engine.dispose()
    await make_large_indexes(url)


async def _step(connection: AsyncConnection, tries: int) -> bool:
    """Whether there may be more to do."""
    for left in reversed(range(tries)):
        try:
            async with connection.begin():
                return await connection.run_sync(_upgrade)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in _LOCKED:
                raise
        _log.warning("tables_in_use", tries_left=left)
        if left:
            await asyncio.sleep(_LET_OTHERS_S)
    async with connection.begin():
        raise TablesInUse((await connection.execute(_OTHERS)).scalars().all())


_OTHERS = text(
    """
    SELECT coalesce(nullif(application_name, ''), usename) || ' (pid ' || pid || ')' FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
    ORDER BY xact_start LIMIT 3
    """
)


def _upgrade(connection: Connection) -> bool:
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    found = MigrationContext.configure(connection).get_current_revision()
    require_known(found)
    if found == wanted_revision():
        return False
    if found is not None:
        connection.execute(text(f"SET LOCAL lock_timeout = '{_WAIT_FOR_A_LOCK}'"))
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head" if found is None else "+1")
    return True


async def _connected(engine: AsyncEngine) -> AsyncConnection:
    """A server that is starting, full, or does not know us refuses in many ways; all of them are one to the caller."""
    try:
        return await engine.connect()
    except (OSError, TimeoutError, DBAPIError) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        raise DatabaseUnreachable(f"the database does not answer: {reason}") from error
