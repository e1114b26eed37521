"""What commands do that change a little in the database: keys, promo codes, suppressed addresses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from api.opened_database import opened_database
from api.supervisor.services import connected
from engine.config import Settings
from engine.storage.database import Connection
from engine.storage.migrate import migrate
from engine.storage.revisions import require_current

T = TypeVar("T")


def with_database(settings: Settings, work: Callable[[Connection], Awaitable[T]], *, makes_database: bool = True) -> T:
    """In one transaction. The embedded database gets its tables first; another one must have them. `makes_database`
    as of `connected`."""
    prepare = migrate if settings.database_url is None else require_current
    with connected(settings, makes_database=makes_database) as whole:
        return asyncio.run(_run(whole, work, prepare))


async def _run(
    settings: Settings, work: Callable[[Connection], Awaitable[T]], prepare: Callable[[str], Awaitable[object]]
) -> T:
    async with opened_database(settings, prepare=prepare) as database, database.transaction() as connection:
        return await work(connection)
