"""The database of the settings, for one piece of work of a command."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from engine.config import Settings
from engine.storage.database import Connection, Database
from engine.storage.revisions import require_current


@asynccontextmanager
async def opened_database(
    settings: Settings, *, prepare: Callable[[str], Awaitable[object]] = require_current
) -> AsyncIterator[Database]:
    """The settings must name it. `prepare` is given its URL: as it stands, its tables must be those of this version."""
    assert settings.database_url is not None
    url = settings.database_url.get_secret_value()
    await prepare(url)
    database = Database(url, pool_size=1)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def opened_connection(settings: Settings) -> AsyncIterator[Connection]:
    async with opened_database(settings) as database, database.connection() as connection:
        yield connection


@asynccontextmanager
async def opened_for_reading(settings: Settings) -> AsyncIterator[Connection]:
    """Of the replica, when there is one: what it says may be a moment old."""
    chosen = settings.read_database_url or settings.database_url
    async with opened_connection(settings.model_copy(update={"database_url": chosen})) as connection:
        yield connection
