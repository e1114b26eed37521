"""HTTP/1.1 with deadlines and limits, which uvicorn leaves to a proxy: a slow client must not hold what others need."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, cast

import orjson
from uvicorn.config import Config
from uvicorn.server import ServerState

from api.server.one_protocol import OneProtocol
from api.server.problems import Problem

HEADERS_S = 10.0  # from the first byte of a request, or the connection, to the end of its headers
BODY_S = 30.0  # from the end of the headers to the end of the body
MAX_HEADERS = 100
MAX_HEADER_BYTES = 32 * 1024  # all of one request, the URL counted
MOST_IN_ONE_PIECE = 64 * 1024  # bytes: beyond it a client that is slow to read must be felt


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    max_connections: int = 1_000
    max_connections_per_client: int = 256  # of one address; loopback is exempt, since a proxy may live there
    headers_s: float = HEADERS_S
    body_s: float = BODY_S


class InOnePiece:
    """A transport that sends what is written in one turn of the loop at once. uvicorn writes head and body of an answer
    apart: two system calls, each of which wakes the client, are a tenth of what a single event costs."""

    __slots__ = ("_loop", "_parts", "_size", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []
        self._size = 0

    def write(self, part: bytes) -> None:
        if not self._parts:
            self._loop.call_soon(self._send)
        self._parts.append(part)
        self._size += len(part)
        if self._size > MOST_IN_ONE_PIECE:
            self._send()

    def close(self) -> None:
        self._send()
        self._transport.close()

    def _send(self) -> None:
        if self._parts:
            whole = b"".join(self._parts)
            self._parts.clear()
            self._size = 0
            self._transport.write(whole)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class DeadlineProtocol(OneProtocol):
    """One connection."""

    limits = Limits()
    _clients: Counter[str]  # connections by address, shared by all connections of a server
    _idle: dict[DeadlineProtocol, None]  # those without a request, the longest idle first; shared as well

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._deadline: asyncio.TimerHandle | None = None
        self._header_bytes = 0
        self._counted: str | None = None
        self._has_begun = False  # a request that has not ended

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast(asyncio.Transport, InOnePiece(transport, self.loop)))
        self._expect_within(self.limits.headers_s)
        if len(self.connections) > self.limits.max_connections and not self._takes_a_place():
            self._refuse(_TOO_MANY)
        elif self.client and not ip_address(self.client[0]).is_loopback:
            self._counted = self.client[0]
            self._clients[self._counted] += 1
            if self._clients[self._counted] > self.limits.max_connections_per_client:
                self._refuse(_TOO_MANY)
        if not self.transport.is_closing():
            self._idle[self] = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect_nothing()
        self._idle.pop(self, None)
        if self._counted is not None:
            self._clients[self._counted] -= 1
            if not self._clients[self._counted]:
                del self._clients[self._counted]
            self._counted = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self.transport.is_closing():
            super().data_received(data)
            if self in self._idle and self._deadline is None and self.timeout_keep_alive_task is None:
                self._expect_within(self.limits.headers_s)  # empty lines, which begin no request, and end its rest

    def on_message_begin(self) -> None:
        self._header_bytes = 0
        self._has_begun = True
        self._idle.pop(self, None)
        self._expect_within(self.limits.headers_s)
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count_header(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count_header(len(name) + len(value))
        super().on_header(name, value)
        if len(self.headers) > MAX_HEADERS:
            raise _HeadersTooLarge

    def on_headers_complete(self) -> None:
        self._expect_within(self.limits.body_s)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._expect_nothing()
        self._has_begun = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.timeout_keep_alive_task is not None and not self._has_begun:
            self._idle[self] = None

    def send_400_response(self, msg: str) -> None:
        too_large = self._header_bytes > MAX_HEADER_BYTES or len(self.headers or ()) > MAX_HEADERS
        self._refuse(_HEADERS if too_large else _NOT_HTTP)

    def _takes_a_place(self) -> bool:
        """Of whoever has been idle for longest: connections that ask for nothing keep nobody out."""
        for longest in self._idle:
            longest._give_way()
            return True
        return False

    def _give_way(self) -> None:
        del self._idle[self]
        if self.cycle is None:
            self._refuse(_TOO_MANY)
        else:
            self.transport.close()

    def _count_header(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > MAX_HEADER_BYTES:
            raise _HeadersTooLarge

    def _expect_within(self, seconds: float) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(seconds, self._expire)

    def _expect_nothing(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _expire(self) -> None:
        self._deadline = None
        self._refuse(_TOO_SLOW)

    def _refuse(self, answer: bytes) -> None:
        """Answer if no answer has begun, and close."""
        self._expect_nothing()
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(answer)
        elif not self.cycle.response_started:
            self.cycle.disconnected = True  # the application learns it and answers nobody
            self.transport.write(answer)
        self.transport.close()


class _HeadersTooLarge(Exception):
    """Raised through the parser, which reports it as an invalid request."""


def protocol_with(limits: Limits) -> type[DeadlineProtocol]:
    """The protocol class of one server, with counters of its own."""
    return type("LimitedProtocol", (DeadlineProtocol,), {"limits": limits, "_clients": Counter[str](), "_idle": {}})


def _answer(problem: Problem) -> bytes:
    response = problem.response({"connection": "close"})
    head = [b"HTTP/1.1 %d %s" % (response.status_code, orjson.loads(response.body)["title"].encode())]
    head += [b"%s: %s" % header for header in response.raw_headers]
    return b"\r\n".join([*head, b"", bytes(response.body)])


_TOO_SLOW = _answer(
    Problem(408, "too_slow", f"headers must arrive within {HEADERS_S:.0f} s, a body within {BODY_S:.0f} s")
)
_TOO_MANY = _answer(Problem(503, "too_many_connections", "too many connections", headers={"retry-after": "5"}))
_NOT_HTTP = _answer(Problem(400, "invalid_request", "this is not a valid HTTP/1.1 request"))
_HEADERS = _answer(
    Problem(431, "headers_too_large", f"at most {MAX_HEADERS} headers of {MAX_HEADER_BYTES} bytes in all are read")
)
