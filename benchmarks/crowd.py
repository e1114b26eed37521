"""Many clients from one thread and for little CPU: keep-alive connections on uvloop, ready-made requests."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import quantiles
from typing import cast

import uvloop

_OK = b"HTTP/1.1 200"
_DONE = b'{"success":true}'


@dataclass(frozen=True, slots=True)
class Answer:
    number: int  # of its request
    status: int  # 0: the connection ended without one
    seconds: float  # from the moment at which it was to be sent
    at: float  # seconds since the first
    retry_after_s: int | None = None


def send_all(
    port: int, requests: Iterable[bytes], *, connections: int, a_second: float | None = None
) -> tuple[list[Answer], float]:
    """What was answered, and the seconds from the first request to the last answer.

    Without `a_second` each connection sends as soon as it has its answer; with it requests are due at that pace,
    whatever the server does, and those that find no free connection wait, which counts.
    """
    return uvloop.run(_Crowd(requests, a_second).served(port, connections))


def percentiles_ms(answers: Iterable[Answer]) -> tuple[float, float]:
    """The 50th and the 99th."""
    cuts = quantiles((answer.seconds * 1000 for answer in answers), n=100)
    return cuts[49], cuts[98]


class _Crowd:
    def __init__(self, requests: Iterable[bytes], a_second: float | None) -> None:
        self._requests = deque(enumerate(requests))
        self._left = len(self._requests)
        self._a_second = a_second
        self._due: deque[tuple[int, bytes, float]] = deque()
        self._free: deque[_Client] = deque()
        self._answers: list[Answer] = []
        self._done = asyncio.Event()
        self._began = 0.0

    async def served(self, port: int, connections: int) -> tuple[list[Answer], float]:
        loop = asyncio.get_running_loop()
        clients = [(await loop.create_connection(lambda: _Client(self), "127.0.0.1", port)) for _ in range(connections)]
        self._began = time.perf_counter()
        if self._a_second is None:
            for _, client in clients:
                self._send_next(client)
        else:
            self._free.extend(client for _, client in clients)
            await self._send_at_pace(self._a_second)
        await self._done.wait()
        seconds = time.perf_counter() - self._began
        for transport, _ in clients:
            transport.close()
        return self._answers, seconds

    def answered(self, client: _Client, number: int, answer: bytes, due: float) -> None:
        now = time.perf_counter()
        self._answers.append(Answer(number, _status(answer), now - due, now - self._began, _retry_after(answer)))
        self._left -= 1
        if not self._left:
            self._done.set()
        if self._a_second is None:
            self._send_next(client)
        elif not client.is_lost:
            self._free.append(client)
            self._hand_out()

    def _send_next(self, client: _Client) -> None:
        if self._requests:
            client.send(*self._requests.popleft(), time.perf_counter())

    async def _send_at_pace(self, a_second: float) -> None:
        while self._requests:
            due = self._began + self._requests[0][0] / a_second
            if (pause := due - time.perf_counter()) > 0:
                await asyncio.sleep(pause)
            self._due.append((*self._requests.popleft(), due))
            self._hand_out()

    def _hand_out(self) -> None:
        while self._due and self._free:
            self._free.popleft().send(*self._due.popleft())


class _Client(asyncio.Protocol):
    def __init__(self, crowd: _Crowd) -> None:
        self._crowd = crowd
        self._received = b""
        self._asked: tuple[int, float] | None = None  # number and due time of what is under way
        self.is_lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def send(self, number: int, request: bytes, due: float) -> None:
        self._asked = number, due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if _is_whole(self._received):
            self._settle()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        self._settle()

    def _settle(self) -> None:
        answer, asked, self._received, self._asked = self._received, self._asked, b"", None
        if asked is not None:
            number, due = asked
            self._crowd.answered(self, number, answer, due)


def _is_whole(answer: bytes) -> bool:
    if answer.endswith(_DONE):
        return True
    head, end, body = answer.partition(b"\r\n\r\n")
    return bool(end) and len(body) >= int(_header(head, b"content-length") or 0)


def _status(answer: bytes) -> int:
    return 200 if answer.startswith(_OK) else int(answer[9:12] or 0)


def _retry_after(answer: bytes) -> int | None:
    if answer.startswith(_OK):
        return None
    value = _header(answer.partition(b"\r\n\r\n")[0], b"retry-after")
    return None if value is None else int(value)


def _header(head: bytes, name: bytes) -> bytes | None:
    for line in head.split(b"\r\n"):
        field, _, value = line.partition(b":")
        if field.lower() == name:
            return value.strip()
    return None
