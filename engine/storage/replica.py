"""A copy of the database that may be a moment behind, for those who look and change nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from engine.clock import monotonic
from engine.storage.database import TROUBLE, Connection, Database

_BREAK_S = 10.0  # in which a replica that did not answer is left alone

_log = structlog.get_logger(__name__)


class Replica(Database):
    """Read only. While it does not answer, the database itself does: nothing fails, or waits, for the want of it."""

    _at_least = 0
    _connect_within_s = 3.0

    def __init__(self, url: str, original: Database, *, pool_size: int = 5) -> None:
        super().__init__(url, pool_size=pool_size)
        self._original = original
        self._broken_until = 0.0  # monotonic

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        async with AsyncExitStack() as stack:
            own = await self._own(stack)
            yield await stack.enter_async_context(self._original.connection()) if own is None else own

    async def _own(self, stack: AsyncExitStack) -> Connection | None:
        if monotonic() < self._broken_until:
            return None
        try:
            return await stack.enter_async_context(super().connection())
        except TROUBLE as error:
            self._broken_until = monotonic() + _BREAK_S
            _log.warning("replica_does_not_answer", error=repr(error))
            return None
