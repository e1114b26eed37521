"""Bring a database to this version's tables with Alembic. One process at a time does the work, others wait."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import NullPool

from engine.errors import DatabaseUnreachable
from engine.storage.database import sqlalchemy_engine
from engine.storage.revisions import require_known

T = TypeVar("T")

_SCRIPTS = Path(__file__).parent / "migrations"
_LOCK = 0x6B6F676461  # "kogda"


async def migrate(url: str) -> None:
    """Raises DatabaseUnreachable, or SchemaNewer. Safe to call from several processes at once."""
    await _with_connection(url, _upgrade)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    return config


def _upgrade(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    require_known(MigrationContext.configure(connection).get_current_revision())
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def _with_connection(url: str, work: Callable[[Connection], T]) -> T:
    engine = sqlalchemy_engine(url, poolclass=NullPool)
    try:
        connection = await _connected(engine)
        async with aclosing(connection), connection.begin():
            return await connection.run_sync(work)
    except OperationalError as error:
        raise DatabaseUnreachable(f"the database does not answer: {error.orig}") from error
    finally:
        await engine.dispose()


async def _connected(engine: AsyncEngine) -> AsyncConnection:
    """A server that is starting, full, or does not know us refuses in many ways; all of them are one to the caller."""
    try:
        return await engine.connect()
    except (OSError, TimeoutError, DBAPIError) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        raise DatabaseUnreachable(f"the database does not answer: {reason}") from error
