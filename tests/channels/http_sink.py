"""An HTTP server that answers as a script says, and counts who came."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

#: From the number of the request, from 0, to the raw answer; "hang" and "drop" are no answers.
Script = Callable[[int], str]

NO_CONTENT = "HTTP/1.1 204 No Content\r\n\r\n"


def answer(status: int, *headers: str) -> str:
    return "\r\n".join([f"HTTP/1.1 {status} X", "content-length: 0", *headers, "", ""])


def spoken(status: int, body: object, *headers: str) -> str:
    """An answer in JSON, or a page when the body is a text."""
    text = body if isinstance(body, str) else json.dumps(body)
    kind = "text/html; charset=utf-8" if isinstance(body, str) else "application/json"
    lines = [f"HTTP/1.1 {status} X", f"content-type: {kind}", f"content-length: {len(text.encode())}", *headers]
    return "\r\n".join([*lines, "", text])


@dataclass
class HttpSink:
    script: Script = lambda _: NO_CONTENT
    connections: int = 0
    requests: list[tuple[str, dict[str, str], bytes]] = field(
        default_factory=list
    )  # first line, headers by their name in lower case, body
    keeps_open: bool = False  # connections, for more requests
    port: int = 0
    _server: asyncio.Server | None = None

    def close(self) -> None:
        """Nobody is reached any more."""
        if self._server is not None:
            self._server.close()

    @asynccontextmanager
    async def running(
        self, host: str = "127.0.0.1", *, port: int = 0, tls: ssl.SSLContext | None = None
    ) -> AsyncIterator[HttpSink]:
        self._server = await asyncio.start_server(self._serve, host, port, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._answered(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether another request may follow."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        said = self.script(len(self.requests))
        self.requests.append((head[0], headers, body))
        if said == "hang":
            await reader.read()
        if said in ("hang", "drop"):
            return False
        if not self.keeps_open:
            said = said.replace("\r\n", "\r\nconnection: close\r\n", 1)
        writer.write(said.encode())
        await writer.drain()
        return self.keeps_open
