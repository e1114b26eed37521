"""A mail server that takes everything and remembers it, in a thread of this process: it outlives whom a drill kills."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from uuid import UUID

_WINDOW_S = 0.002  # between taking a mail and saying so: where nobody can know
_ID = b"message-id: <"


@dataclass(frozen=True, slots=True)
class Arrival:
    at: float  # monotonic
    user_id: str


@dataclass
class Sink:
    """A context manager. `url` is for KOGDA_SMTP_URL."""

    arrived: Counter[UUID] = field(default_factory=Counter)
    arrivals: list[Arrival] = field(default_factory=list)
    #: Called once, with the port of the sender, between the end of a mail and the answer to it.
    before_answer: Callable[[int], None] | None = None
    port: int = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?starttls=never&connections=8"

    def __enter__(self) -> Sink:
        ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(ready),), daemon=True)
        self._thread.start()
        ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(10)
        self._loop.close()

    async def _serve(self, ready: threading.Event) -> None:
        self._talks: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._welcome, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._stopping.wait()
        server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.ensure_future(self._talk(reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(b"220 drill\r\n")
            recipient = b""
            while line := await reader.readline():
                verb = line[:4].upper()
                if verb == b"RCPT":
                    recipient = line
                if verb == b"DATA":
                    writer.write(b"354 go on\r\n")
                    await self._take(await reader.readuntil(b"\r\n.\r\n"), recipient, writer)
                writer.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 drill\r\n")
        except (OSError, asyncio.IncompleteReadError):
            pass  # the sender was killed
        finally:
            writer.close()

    async def _take(self, mail: bytes, recipient: bytes, writer: asyncio.StreamWriter) -> None:
        head = mail.partition(b"\r\n\r\n")[0]
        [own] = [line for line in head.split(b"\r\n") if line.lower().startswith(_ID)]
        self.arrived[UUID(own[len(_ID) :].partition(b"@")[0].decode())] += 1
        user_id = recipient.partition(b"<")[2].partition(b"@")[0].decode()
        self.arrivals.append(Arrival(time.monotonic(), user_id))
        hook, self.before_answer = self.before_answer, None
        if hook:
            hook(writer.get_extra_info("peername")[1])
        await asyncio.sleep(_WINDOW_S)
