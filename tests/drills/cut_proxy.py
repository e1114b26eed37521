"""Between a client and PostgreSQL: cuts the connection when the answer to a COMMIT comes, so that nobody knows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

_COMMITTED = b"COMMIT\0"  # of CommandComplete
_SOCKET = ".s.PGSQL.5432"


@dataclass
class CutProxy:
    """`cuts`: how many answers to a COMMIT are still to be lost; `lost` says how many were."""

    server: Path
    cuts: int = 0
    lost: int = 0
    _talks: set[asyncio.Task[None]] = field(default_factory=set)

    async def welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_unix_connection(str(self.server))
        there = asyncio.create_task(self._pass_on(reader, ours, cuts=False))
        back = asyncio.create_task(self._pass_on(theirs, writer, cuts=True))
        await asyncio.wait([there, back], return_when=asyncio.FIRST_COMPLETED)
        for task in (there, back):
            task.cancel()
        await asyncio.gather(there, back, return_exceptions=True)
        for end in (ours, writer):
            end.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, cuts: bool) -> None:
        with contextlib.suppress(OSError):
            while content := await reader.read(65_536):
                if cuts and self.cuts and _COMMITTED in content:
                    self.cuts, self.lost = self.cuts - 1, self.lost + 1
                    return
                writer.write(content)
                await writer.drain()


@asynccontextmanager
async def cutting(sockets: Path, at: Path) -> AsyncIterator[CutProxy]:
    """Listens in the folder `at` as PostgreSQL does in `sockets`."""
    proxy = CutProxy(sockets / _SOCKET)
    server = await asyncio.start_unix_server(proxy.welcome, str(at / _SOCKET))
    try:
        yield proxy
    finally:
        server.close()
