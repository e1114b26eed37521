"""A network between a client and a server that can stand still: nothing is refused or lost, and nothing arrives."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

_END_S = 2.0


@dataclass
class StallingProxy:
    """`held` counts what was on its way while the network stood still: 0, and the drill did not bite."""

    server: Path
    held: int = 0
    _flows: asyncio.Event = field(default_factory=asyncio.Event)
    _talks: set[asyncio.Task[None]] = field(default_factory=set)

    def stall(self) -> None:
        self._flows.clear()

    def go_on(self) -> None:
        self._flows.set()

    async def welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        try:
            await self._talk(reader, writer)
        finally:
            self._talks.discard(talk)
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._passage()
        try:
            theirs, ours = await asyncio.open_unix_connection(str(self.server))
        except OSError:
            return
        ways = [asyncio.create_task(self._pass_on(*way)) for way in ((reader, ours), (theirs, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            ours.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while content := await reader.read(65_536):
                await self._passage()
                writer.write(content)
                await writer.drain()

    async def _passage(self) -> None:
        if not self._flows.is_set():
            self.held += 1
            await self._flows.wait()

    async def end(self) -> None:
        """Clients should be gone: who is being connected at this moment is waited for."""
        talks = list(self._talks)
        if talks:
            await asyncio.wait(talks, timeout=_END_S)
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await asyncio.sleep(0)  # what was aborted is closed by the loop's next turn


@asynccontextmanager
async def stalling(server: Path, at: Path) -> AsyncIterator[StallingProxy]:
    """Listens on the socket `at`, and passes on what comes to the socket `server`."""
    proxy = StallingProxy(server)
    proxy.go_on()
    listening = await asyncio.start_unix_server(proxy.welcome, str(at))
    try:
        yield proxy
    finally:
        listening.close()
        await proxy.end()
