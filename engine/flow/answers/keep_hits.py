"""Requests for links and pictures are answered first and written down after: the customer never waits for us."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from datetime import timedelta
from time import monotonic
from typing import Any

import asyncpg
import structlog

from engine.failpoints import reach
from engine.flow.answers.judge_hits import SETTLED, judge_hits
from engine.flow.answers.reacting import ReactionRuntime
from engine.storage.database import TROUBLE
from engine.storage.delivery.hits import NewHit, insert_hits
from engine.tracking.classes import HEADERS
from engine.tracking.tokens import Link, Place

#: Hits that are kept while the database is away; beyond it the newest are lost, and counted.
MOST_WAITING = 20_000
_AT_ONCE = 1_000
_GATHER_S, _AGAIN_S = 0.05, 1.0
_LONGEST_HEADER = 400
_CLOSING_S = 5.0

_log = structlog.get_logger(__name__)


class HitKeeper:
    """One per process, used from one event loop. What is in memory when a process is killed is lost."""

    def __init__(self, runtime: ReactionRuntime, *, most_waiting: int = MOST_WAITING) -> None:
        self._runtime = runtime
        self._most_waiting = most_waiting
        self._waiting: deque[tuple[NewHit, float]] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._judging: asyncio.Task[None] | None = None
        self._closing = False
        self._writes = 0
        self.pause_s = SETTLED.total_seconds() + 0.1
        self.lost = 0
        self.tries = 0  # to write, which failed

    def opened(self, place: Place, *, method: str, headers: Mapping[str, str]) -> None:
        self._keep(NewHit(*place, "opened", None, None, None, _raw(method, headers), timedelta()))

    def clicked(self, link: Link, *, method: str, headers: Mapping[str, str]) -> None:
        raw = _raw(method, headers)
        self._keep(NewHit(*link.place, "clicked", link.number, link.of, link.target, raw, timedelta()))

    def _keep(self, hit: NewHit) -> None:
        if len(self._waiting) >= self._most_waiting:
            self.lost += 1
            return
        self._waiting.append((hit, monotonic()))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())

    async def flush(self) -> None:
        """Waits until all hits so far are written, or the database has been away for a while."""
        if self._writing is not None:
            await asyncio.wait([self._writing], timeout=_CLOSING_S)

    async def close(self) -> None:
        self._closing = True
        await self.flush()
        tasks = [task for task in (self._writing, self._judging) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._waiting:
            _log.warning("hits_lost", hits=len(self._waiting))

    async def _write(self) -> None:
        await asyncio.sleep(_GATHER_S)
        while self._waiting:
            batch = [self._waiting[place] for place in range(min(len(self._waiting), _AT_ONCE))]
            now = monotonic()
            hits = [hit._replace(age=timedelta(seconds=now - kept_at)) for hit, kept_at in batch]
            try:
                async with self._runtime.database.connection() as connection:
                    await insert_hits(connection, hits)
                reach("hits.kept")
            except asyncpg.DataError as error:
                _log.error("hits_refused", hits=len(hits), error=type(error).__name__)
            except TROUBLE as error:
                self.tries += 1
                _log.warning("hits_wait", hits=len(self._waiting), lost=self.lost, error=type(error).__name__)
                await asyncio.sleep(_AGAIN_S)
                continue
            for _ in batch:
                self._waiting.popleft()
            self._writes += 1
        self.judge_soon()

    def judge_soon(self) -> None:
        """Begin, unless it is under way. Hits that another process wrote before it died are judged as well."""
        if not self._closing and (self._judging is None or self._judging.done()):
            self._judging = asyncio.create_task(self._judge())

    async def _judge(self) -> None:
        """Until no more hits come in: those that came during a pause are due after the next one."""
        judged = None
        while judged != self._writes:
            writes = self._writes
            await asyncio.sleep(self.pause_s)
            try:
                await judge_hits(self._runtime)
            except TROUBLE as error:
                _log.warning("hits_not_judged", error=type(error).__name__)
            else:
                judged = writes


def _raw(method: str, headers: Mapping[str, str]) -> dict[str, Any]:
    kept = {name: headers[name][:_LONGEST_HEADER].replace("\0", "") for name in HEADERS if name in headers}
    return {"method": method, "headers": kept}
