"""Does PostgreSQL answer, is it new enough, are its tables this version's?"""

from __future__ import annotations

import asyncpg

from api.doctor.finding import Finding
from engine.config import Settings
from engine.errors import DatabaseUnreachable, SchemaOutdated
from engine.storage.migrate import require_current

#: The oldest that PostgreSQL itself still maintains. The tests run on 18.
_OLDEST_MAJOR = 15


async def check_database(settings: Settings) -> list[Finding]:
    url = settings.database_url.get_secret_value() if settings.database_url else ""
    try:
        connection = await asyncpg.connect(url, timeout=5)
    except (OSError, ValueError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        advice = "is it running, and is KOGDA_DATABASE_URL right?"
        return [Finding("problem", "PostgreSQL", f"does not answer: {error or type(error).__name__}", advice)]
    try:
        version = connection.get_server_version()
    finally:
        await connection.close()
    # Since version 10 PostgreSQL has two numbers, of which asyncpg calls the second `micro`.
    return [_judge_version(version.major, f"{version.major}.{version.micro}"), await _check_tables(url)]


def _judge_version(major: int, shown: str) -> Finding:
    if major < _OLDEST_MAJOR:
        return Finding("problem", "PostgreSQL", f"version {shown} is too old", f"{_OLDEST_MAJOR} or newer is needed")
    return Finding("good", "PostgreSQL", f"version {shown}")


async def _check_tables(url: str) -> Finding:
    try:
        await require_current(url)
    except SchemaOutdated as error:
        if error.found is None:
            return Finding("warning", "tables", "none yet", "`kogda up` makes them, and so does `kogda migrate`")
        return Finding("problem", "tables", str(error), "kogda migrate")
    except DatabaseUnreachable as error:
        return Finding("problem", "tables", str(error))
    return Finding("good", "tables", "those of this version")
