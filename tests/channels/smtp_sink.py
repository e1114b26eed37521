"""An SMTP server that does what a script says: answers, drops, hangs, resets, at any verb. It counts what it took."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

#: What it does at a verb: an answer, or one of `drop`, `reset`, `hang`, `half close`, `tarpit`.
Script = Mapping[str, str]

TAKEN_WITHOUT_A_WORD = ("drop", "reset", "hang", "half close", "tarpit")


@dataclass
class SmtpSink:
    """Verbs: GREETING, EHLO, MAIL, RCPT, DATA, CONTENT (drops in the middle of it), END (the final dot), RSET."""

    script: Callable[[int], Script] = lambda _: {}  # by number of the mail, from 0
    accepted: list[tuple[str, bytes]] = field(default_factory=list)  # recipient and content, when 250 was meant
    recipients: list[str] = field(default_factory=list)  # of all RCPT commands
    commands: list[str] = field(default_factory=list)
    stuck_on: str = ""  # an address, or the end of some, that RCPT is never answered for
    offers: str = "8BITMIME"  # the last line of its answer to EHLO
    connections: int = 0
    open: int = 0  # of the connections, those that nobody has closed
    mails: int = 0
    port: int = 0

    @asynccontextmanager
    async def running(self, **options: Any) -> Any:
        tasks: set[asyncio.Task[None]] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            self.open += 1
            try:
                await self._session(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                pass
            finally:
                tasks.discard(task)
                self.open -= 1
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**22, **options)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await server.wait_closed()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if not await self._answer("GREETING", "220 sink", writer):
            return
        recipient = ""
        while line := await reader.readline():
            command = line.decode("latin-1").rstrip("\r\n")
            self.commands.append(command)
            verb = command.split(" ")[0].upper()
            if verb == "RCPT":
                recipient = command.partition("<")[2].rpartition(">")[0]
                self.recipients.append(recipient)
                if self.stuck_on and recipient.endswith(self.stuck_on):
                    await asyncio.sleep(3600)
            greeting = f"250-sink\r\n250 {self.offers}"
            default = {"DATA": "354 go", "QUIT": "221 bye", "EHLO": greeting}.get(verb, "250 ok")
            if not await self._answer(verb, default, writer):
                return
            is_content_next = verb == "DATA" and self._doing("DATA", default).startswith("354")
            if is_content_next and not await self._content(recipient, reader, writer):
                return
            if verb == "QUIT":
                return

    async def _content(self, recipient: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        if "CONTENT" in self.script(self.mails):
            await reader.readline()
            return await self._answer("CONTENT", "", writer)
        lines = []
        while (line := await reader.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        doing = self._doing("END", "250 taken")
        if doing.startswith("250") or doing in TAKEN_WITHOUT_A_WORD:
            self.accepted.append((recipient, b"".join(lines)))
        self.mails += 1
        return await self._do(doing, writer)

    def _doing(self, verb: str, default: str) -> str:
        return self.script(self.mails).get(verb, default)

    async def _answer(self, verb: str, default: str, writer: asyncio.StreamWriter) -> bool:
        return await self._do(self._doing(verb, default), writer)

    async def _do(self, doing: str, writer: asyncio.StreamWriter) -> bool:
        """Whether the session goes on."""
        if doing == "drop":
            return False
        if doing == "hang":
            await asyncio.sleep(3600)
        if doing == "reset":
            sock: socket.socket = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            return False
        if doing == "half close":
            writer.write_eof()
            await asyncio.sleep(3600)
        while doing == "tarpit":  # an answer that never ends, slow enough to seem alive
            writer.write(b"250-wait\r\n")
            await writer.drain()
            await asyncio.sleep(0.2)
        if doing:
            writer.write(doing.encode() + b"\r\n")
            await writer.drain()
        return not doing.startswith("421")
