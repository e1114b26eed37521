"""An SMTP server in a process of its own that takes every mail at once and counts them by recipient.

Prints its port. A line `CUSTOMERS EACH` on standard input: answered with the mails taken, those that are missing
of EACH for every customer, and those that are too many.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from typing import cast

import uvloop

_REPLIES = {b"EHLO": b"250-sink\r\n250 PIPELINING\r\n", b"DATA": b"354 go\r\n", b"QUIT": b"221 bye\r\n"}


class Sink(asyncio.Protocol):
    """One connection. `taken` is shared by all."""

    def __init__(self, taken: Counter[bytes]) -> None:
        self._taken = taken
        self._received = b""
        self._recipient: bytes | None = None
        self._is_content = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self._received += data
        while True:
            before, end, rest = self._received.partition(b"\r\n.\r\n" if self._is_content else b"\r\n")
            if not end:
                return
            self._received = rest
            self._transport.write(self._content() if self._is_content else self._command(before))

    def _command(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"RCPT":
            self._recipient = line
        self._is_content = verb == b"DATA"
        return _REPLIES.get(verb, b"250 ok\r\n")

    def _content(self) -> bytes:
        self._is_content = False
        if self._recipient is not None:
            self._taken[self._recipient] += 1
        return b"250 taken\r\n"


async def main() -> None:
    taken: Counter[bytes] = Counter()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Sink(taken), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        customers, each = map(int, line.split())
        lost = (customers - len(taken)) * each + sum(max(0, each - count) for count in taken.values())
        doubled = sum(max(0, count - each) for count in taken.values())
        print(taken.total(), lost, doubled, flush=True)


if __name__ == "__main__":
    uvloop.run(main())
