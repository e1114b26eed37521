"""Does the copy that reports are read from answer, is it a copy of this installation, and how far is it behind?"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from api.doctor.finding import Finding
from dsl.messages import say
from engine.config import Settings
from engine.storage.addresses import connect
from engine.storage.database import TROUBLE

#: Reports are read by the hour or the day; a minute is not seen in them.
_WARN_S = 60.0
_TIMEOUT_S = 5.0
_TOPIC = "replica"

_PLACE = "SELECT (SELECT id FROM installation) AS installation, pg_current_wal_lsn()::text AS written"
#: What was replayed last says how old a copy is only while something is missing: an idle original writes nothing.
_BEHIND = """
    SELECT (SELECT id FROM installation) AS installation, pg_is_in_recovery() AS follows,
           CASE WHEN NOT pg_is_in_recovery() OR pg_last_wal_replay_lsn() >= $1::text::pg_lsn THEN 0
                ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END::float8 AS behind_s
"""


@dataclass(frozen=True, slots=True)
class Copy:
    """What a replica says of itself."""

    installation: UUID | None
    follows: bool  # False: a server of its own, filled by other means than PostgreSQL's log
    behind_s: float | None  # None: it has replayed nothing since it began


async def check_replica(settings: Settings) -> list[Finding]:
    """Nothing to say where there is none, or where the database says what is wrong with itself."""
    if settings.read_database_url is None or settings.database_url is None:
        return []
    try:
        original, written = await _original(settings.database_url.get_secret_value())
    except (ValueError, *TROUBLE):
        return []
    try:
        return [judge_copy(original, await _copy(settings.read_database_url.get_secret_value(), written))]
    except (ValueError, *TROUBLE) as error:
        advice = say("is it running, and is KOGDA_READ_DATABASE_URL right? Until then the database itself is asked")
        text = say("does not answer: {error}", error=str(error) or type(error).__name__)
        return [Finding("problem", _TOPIC, text, advice)]


def judge_copy(original: UUID | None, copy: Copy) -> Finding:
    """`original`: the installation that the copy must be one of."""
    if copy.installation != original:
        advice = say("KOGDA_READ_DATABASE_URL must lead to a copy of the database of KOGDA_DATABASE_URL")
        return Finding("problem", _TOPIC, say("is a copy of another installation"), advice)
    if not copy.follows:
        return Finding("unknown", _TOPIC, say("answers; it is no standby, so how far it is behind is not known"))
    if copy.behind_s is None:
        return Finding("warning", _TOPIC, say("answers, and has received nothing yet"), _look())
    if copy.behind_s > _WARN_S:
        text = say("{n} s behind: reports show what was true then", n=f"{copy.behind_s:.0f}")
        return Finding("warning", _TOPIC, text, _look())
    return Finding("good", _TOPIC, say("{n} s behind", n=f"{copy.behind_s:.1f}"))


def _look() -> str:
    return say("see pg_stat_replication on the database, and the log of the copy")


async def _original(url: str) -> tuple[UUID | None, str]:
    row = await _answer(url, _PLACE)
    return row["installation"], row["written"]


async def _copy(url: str, written: str) -> Copy:
    row = await _answer(url, _BEHIND, written)
    return Copy(row["installation"], row["follows"], row["behind_s"])


async def _answer(url: str, question: str, *given: str) -> asyncpg.Record:
    connection = await connect(url, timeout_s=_TIMEOUT_S)
    try:
        row = await connection.fetchrow(question, *given)
    finally:
        await connection.close()
    assert row is not None
    return row
