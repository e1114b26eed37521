"""Does PostgreSQL answer, is it new enough, are its tables this version's?"""

from __future__ import annotations

import asyncpg

from api.doctor.finding import Finding
from dsl.messages import say
from engine.config import Settings
from engine.errors import DatabaseUnreachable, SchemaNewer, SchemaOutdated
from engine.storage.addresses import connect
from engine.storage.large_indexes import unmade_indexes
from engine.storage.revisions import require_current

#: The oldest that PostgreSQL itself still maintains. The tests run on 18.
_OLDEST_MAJOR = 15


async def check_database(settings: Settings) -> list[Finding]:
    url = settings.database_url.get_secret_value() if settings.database_url else ""
    try:
        connection = await connect(url, timeout_s=5)
    except (OSError, ValueError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        advice = say("is it running, and is KOGDA_DATABASE_URL right?")
        text = say("does not answer: {error}", error=str(error) or type(error).__name__)
        return [Finding("problem", "PostgreSQL", text, advice)]
    try:
        version = connection.get_server_version()
        unmade = await unmade_indexes(connection)
    finally:
        await connection.close()
    # Since version 10 PostgreSQL has two numbers, of which asyncpg calls the second `micro`.
    tables = await _check_tables(url)
    indexes = [_slow_without(each.name) for each in unmade if tables.state == "good"]
    return [_judge_version(version.major, f"{version.major}.{version.micro}"), tables, *indexes]


def _slow_without(index: str) -> Finding:
    text = say("the index {index} is missing or was not completed: lists that need it are slow", index=index)
    advice = say("`kogda migrate` makes it, beside everything else; or it is doing so")
    return Finding("warning", "tables", text, advice)


def _judge_version(major: int, shown: str) -> Finding:
    if major < _OLDEST_MAJOR:
        advice = say("{oldest} or newer is needed", oldest=_OLDEST_MAJOR)
        return Finding("problem", "PostgreSQL", say("version {version} is too old", version=shown), advice)
    return Finding("good", "PostgreSQL", say("version {version}", version=shown))


async def _check_tables(url: str) -> Finding:
    try:
        await require_current(url)
    except SchemaOutdated as error:
        if error.found is None:
            advice = say("`kogda up` makes them, and so does `kogda migrate`")
            return Finding("warning", "tables", say("none yet"), advice)
        return Finding("problem", "tables", error.args[0], "kogda migrate")
    except (DatabaseUnreachable, SchemaNewer) as error:
        return Finding("problem", "tables", error.args[0])
    return Finding("good", "tables", say("those of this version"))
