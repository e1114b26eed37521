"""Waits for a database that is still starting. A process that ended instead would be started again later, and would
load everything anew."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from itertools import chain, repeat
from typing import TypeVar

import asyncpg
import structlog

from engine.clock import monotonic
from engine.errors import DatabaseUnreachable
from engine.storage.database import TROUBLE

T = TypeVar("T")

#: The server is there, and says that it takes nobody for now, or ends everybody.
_SOON = (
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.ConnectionDoesNotExistError,
)
_SOON_S = 60.0
#: Nobody is there: a server between its end and its start, or a wrong address, which must be told before long.
_ABSENT = (OSError, TimeoutError)
_ABSENT_S = 10.0
_PAUSES_S = (0.1, 0.2, 0.5, 1.0)

_log = structlog.get_logger(__name__)


async def when_up(begin: Callable[[], Awaitable[T]], stop: asyncio.Event) -> T:
    """What `begin` answers, which is tried again while the database starts. Then, or once `stop` is set, raises what
    it raised last."""
    began, tries = monotonic(), chain(_PAUSES_S, repeat(_PAUSES_S[-1]))
    for number, pause in enumerate(tries):
        try:
            return await begin()
        except (DatabaseUnreachable, *TROUBLE) as error:
            if stop.is_set() or monotonic() - began >= patience_s(error):
                raise
            if number == 0:
                _log.warning("database_awaited", error=str(error))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await stop.wait()
    raise AssertionError("there is always another pause")


def patience_s(error: BaseException) -> float:
    """How long such a failure is worth waiting for: 0 for a wrong password, or a database that is not there."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, _SOON):
            return _SOON_S
        if isinstance(cause, _ABSENT):
            return _ABSENT_S
        cause = cause.__cause__
    return 0.0
