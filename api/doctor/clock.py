"""Do this machine and the database agree on the time?"""

from __future__ import annotations

import asyncpg

from api.doctor.finding import Finding
from dsl.messages import say
from engine.clock import utc_now
from engine.config import Settings
from engine.storage.addresses import connect

_WARN_S = 2.0


async def check_clock(settings: Settings) -> list[Finding]:
    url = settings.database_url.get_secret_value() if settings.database_url else ""
    try:
        connection = await connect(url, timeout_s=5)
    except (OSError, ValueError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return []  # said by check_database
    try:
        before = utc_now()
        theirs = await connection.fetchval("SELECT clock_timestamp()")
        ours = before + (utc_now() - before) / 2
    finally:
        await connection.close()
    difference = (theirs - ours).total_seconds()
    if abs(difference) > _WARN_S:
        seconds = f"{abs(difference):.1f}"
        text = (
            say("the database is {seconds} s ahead", seconds=seconds)
            if difference > 0
            else say("the database is {seconds} s behind", seconds=seconds)
        )
        return [Finding("warning", "clock", text, say("timers follow the database's clock; let both use NTP"))]
    return [Finding("good", "clock", say("within {ms} ms of the database's", ms=f"{abs(difference) * 1000:.0f}"))]
