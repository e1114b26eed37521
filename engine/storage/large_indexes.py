"""Indexes of tables that may be large: made beside everything else, outside of transactions, after the scripts.

No script waits for them and nothing but speed needs them, so they have no number: what is missing is made, at any time.
See docs/decisions/0025-indexes-are-made-beside-traffic.md.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import structlog

from engine.errors import IndexNotMade
from engine.storage.addresses import address, connect
from engine.storage.database import TROUBLE

#: Not the lock of scripts: whoever waits for that one waits in a statement, and an index waits for all statements.
_LOCK = 0x6B6F676964  # "kogid"
_LOOK_AGAIN_S = 1.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LargeIndex:
    """Of an ordinary table: the months of `event` would each need one of their own."""

    name: str  # a new one for another definition
    table: str
    on: str  # its columns, and what else PostgreSQL wants to know


LARGE_INDEXES = (
    # What was sent never stands in it, so most messages cost nothing. Others have message_due and message_stuck.
    LargeIndex(
        "message_not_sent",
        "message",
        "(state, created_at DESC, id DESC) WHERE state IN ('suppressed', 'failed', 'unknown', 'postponed')",
    ),
    # Counted for each scrape of /metrics, amid all that a mailing has queued. What is sent at once never stands in it.
    LargeIndex("message_retrying", "message", "(channel) WHERE state = 'queued' AND attempts > 0"),
    # Written seldom, and asked for in any combination.
    LargeIndex("suppression_of_channel", "suppression", "(channel, id)"),
    LargeIndex("suppression_of_kind", "suppression", "(kind, id)"),
    LargeIndex("suppression_of_channel_and_kind", "suppression", "(channel, kind, id)"),
    LargeIndex("suppression_address", "suppression", '(address COLLATE "C")'),
)


async def unmade_indexes(connection: Any) -> list[LargeIndex]:
    """Those that are missing, or were begun and are not usable."""
    rows = await connection.fetch(
        """
        SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE c.relname = ANY($1::text[]) AND pg_table_is_visible(c.oid) AND i.indisvalid
        """,
        [each.name for each in LARGE_INDEXES],
    )
    usable = {row[0] for row in rows}
    return [each for each in LARGE_INDEXES if each.name not in usable]


async def make_large_indexes(url: str) -> None:
    """Raises IndexNotMade. Safe to call from several processes at once, and again after any of them was killed."""
    try:
        await _make_missing(url)
    except TROUBLE as error:
        raise IndexNotMade(str(error) or type(error).__name__) from error


async def _make_missing(url: str) -> None:
    maker, keeper = await connect(url, timeout_s=60), await connect(url, timeout_s=60)
    try:
        if not address(url).is_shared:
            await maker.execute("SET statement_timeout = 0; SET lock_timeout = 0")
        while await unmade_indexes(maker):
            if not await _make_alone(maker, keeper):
                await asyncio.sleep(_LOOK_AGAIN_S)
    finally:
        await maker.close()
        await keeper.close()


async def _make_alone(maker: Any, keeper: Any) -> bool:
    """False: somebody else is at it. The keeper's transaction has no snapshot, so no index waits for it, and ends with
    its process."""
    async with keeper.transaction():
        if not await keeper.fetchval("SELECT pg_try_advisory_xact_lock($1)", _LOCK):
            return False
        if await keeper.fetchval(_BEING_MADE, [each.table for each in LARGE_INDEXES]):
            return False
        await keeper.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        for each in await unmade_indexes(maker):
            await _make(maker, each)
    return True


# Whoever asked for it may have been killed meanwhile: PostgreSQL goes on, and finds out at the end.
_BEING_MADE = "SELECT EXISTS (SELECT FROM pg_stat_progress_create_index WHERE relid = ANY($1::text[]::regclass[]))"


async def _make(connection: Any, index: LargeIndex) -> None:
    if await connection.fetchval(f"SELECT EXISTS (SELECT FROM {index.table})"):  # noqa: S608 -- a constant
        _log.info("index_begun", index=index.name, table=index.table)
    await connection.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}")
    await connection.execute(f"CREATE INDEX CONCURRENTLY {index.name} ON {index.table} {index.on}")
