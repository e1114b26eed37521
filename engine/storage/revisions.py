"""Whether the tables of a database are those of this version. Alembic, which makes them, is not loaded to ask."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import asyncpg

from engine.errors import DatabaseUnreachable, SchemaNewer, SchemaOutdated
from engine.storage.addresses import connect

_VERSIONS = Path(__file__).parent / "migrations" / "versions"


async def require_current(url: str) -> None:
    """Raises SchemaOutdated or SchemaNewer when the tables are not those of this version."""
    found = await _found_revision(url)
    require_known(found)
    if found != wanted_revision():
        raise SchemaOutdated(found, wanted_revision())


def require_known(found: str | None) -> None:
    """Raises SchemaNewer for tables of a later version: nothing here knows what they mean, or the way back."""
    if found is not None and found > wanted_revision():
        raise SchemaNewer(found, wanted_revision())


@cache
def wanted_revision() -> str:
    """The revision of this version's tables: scripts are numbered, one after the other."""
    return max(path.name.partition("_")[0] for path in _VERSIONS.glob("[0-9]*_*.py"))


async def _found_revision(url: str) -> str | None:
    """None: there are no tables yet. A server that is starting, full, or does not know us refuses in many ways."""
    try:
        connection = await connect(url, timeout_s=60)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise DatabaseUnreachable(f"the database does not answer: {error}") from error
    try:
        found: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
        return found
    except asyncpg.UndefinedTableError:
        return None
    finally:
        await connection.close()
