"""One SMTP connection from its login on: what is said, and the answers in their order.

aiosmtplib connects, speaks TLS and logs in, and waits for each answer before its next word. A server that offers
PIPELINING (RFC 2920) takes sender, recipient and DATA at once: a mail needs two round trips then, not four.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from typing import cast

from aiosmtplib import SMTP, SMTPResponse

_LONGEST_ANSWER = 32 * 1024
_MOST_ANSWERS = 10  # that nobody has read
_LINE = re.compile(rb"(\d{3})(?:([ -])(.*?))?\r?\n")


class Conversation(asyncio.Protocol):
    """Takes the connection over from a client that is connected and waits for nothing."""

    def __init__(self, client: SMTP) -> None:
        if client.protocol is None or client.transport is None:
            raise ConnectionResetError("connection lost")
        self.takes_commands_at_once = client.supports_extension("pipelining")
        self._client = client
        self._introduced = client.protocol
        self._transport = cast("asyncio.Transport", client.transport)
        self._received = b""
        self._lines: list[bytes] = []  # of an answer whose last line has not come yet
        self._answers: deque[SMTPResponse] = deque()
        self._waiting: asyncio.Future[None] | None = None
        self._lost: OSError | None = None
        self._transport.set_protocol(self)

    @property
    def is_open(self) -> bool:
        return self._lost is None and not self._transport.is_closing()

    @property
    def is_between_mails(self) -> bool:
        """Open, and without any unread answer of the server."""
        return self.is_open and not (self._answers or self._lines or self._received)

    @property
    def unwritten(self) -> int:
        """Bytes that have not left this process."""
        return int(self._transport.get_write_buffer_size())

    def say(self, words: bytes) -> None:
        """Whole lines. Raises OSError when nobody is there."""
        if not self.is_open:
            raise self._lost or ConnectionResetError("connection lost")
        self._transport.write(words)

    async def answer(self, within_s: float) -> SMTPResponse:
        """The next one. Raises OSError when the connection ends before it or what came is no SMTP; TimeoutError."""
        if not self._answers:
            await self._next_answer(within_s)
        return self._answers.popleft()

    async def quit(self, within_s: float) -> None:
        """Say QUIT, wait for the answer, and close the connection in any case."""
        try:
            self.say(b"QUIT\r\n")
            await self.answer(within_s)
        except OSError:
            pass  # it is closed already
        finally:
            self.close()

    def close(self) -> None:
        self._client.close()

    async def _next_answer(self, within_s: float) -> None:
        if self._lost:
            raise self._lost
        loop = asyncio.get_running_loop()
        self._waiting = loop.create_future()
        late = loop.call_later(within_s, self._be_late)  # a third of what asyncio.timeout costs, twice for each mail
        try:
            await self._waiting
        finally:
            late.cancel()
            self._waiting = None

    def _be_late(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(TimeoutError())

    def data_received(self, data: bytes) -> None:
        if self._lost:
            return
        received, end = self._received + data, 0
        while line := _LINE.match(received, end):
            end = line.end()
            code, mark, words = line.groups(b"")
            self._lines.append(words.strip())
            if mark != b"-":
                self._answers.append(SMTPResponse(int(code), b"\n".join(self._lines).decode("utf-8", "replace")))
                self._lines.clear()
        self._received = rest = received[end:]
        if rest and b"\n" in rest:
            self._end(ConnectionAbortedError(f"this is no SMTP: {rest[:100].decode('utf-8', 'replace')}"))
        elif len(rest) + sum(map(len, self._lines)) > _LONGEST_ANSWER or len(self._answers) > _MOST_ANSWERS:
            self._end(ConnectionAbortedError("the server says too much"))
        elif self._answers:
            self._wake()

    def eof_received(self) -> bool:
        self._end(ConnectionResetError("the server has closed the connection"))
        return False  # the transport closes

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc if isinstance(exc, OSError) else ConnectionResetError("connection lost"))
        self._introduced.connection_lost(exc)

    def _end(self, error: OSError) -> None:
        self._lost = self._lost or error
        self._wake()

    def _wake(self) -> None:
        if self._waiting is None or self._waiting.done():
            return
        if self._answers or self._lost is None:
            self._waiting.set_result(None)
        else:
            self._waiting.set_exception(self._lost)
