"""Between a client and PostgreSQL: cuts the connection when the answer to what commits comes, so that nobody knows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

#: Of CommandComplete: of a transaction; of a statement outside of one that inserts events and names the known ones.
COMMITTED, STORED = b"COMMIT\0", b"SELECT 0\0"
_SOCKET = ".s.PGSQL.5432"


@dataclass
class CutProxy:
    """The next answer that has one of `cuts` in it is lost; `lost` says how many were."""

    server: Path
    cuts: tuple[bytes, ...] = ()
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
                if cuts and any(each in content for each in self.cuts):
                    self.cuts, self.lost = (), self.lost + 1
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
