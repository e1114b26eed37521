"""An SMTP server in a process of its own, which takes a moment for each mail, and may leave one domain unanswered.

Prints its port. A line on standard input says how to treat `dead.example` from now on, and resets what is counted; an
answer to each: how many mails to others it has taken, and when the newest of them came.
"""

from __future__ import annotations

import asyncio
import sys
import time

#: What a mail costs a real server: it is the places that a dead domain could take away, not the processor.
MAIL_S = 0.04
DEAD = "dead.example"


class Sink:
    def __init__(self) -> None:
        self.dead = "alive"
        self.taken, self.newest_at = 0, 0.0
        self._over = asyncio.Event()  # the stretch, and with it all waiting

    def begin(self, dead: str) -> None:
        self._over.set()
        self._over = asyncio.Event()
        self.dead, self.taken = dead, 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._session(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink\r\n")
        is_dead = False
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"RCPT":
                is_dead = DEAD.encode() in line and self.dead != "alive"
                if is_dead and self.dead == "refuses":
                    writer.write(b"450 4.2.0 come back later\r\n")
                    continue
                if is_dead and self.dead == "hangs":
                    await self._over.wait()
                    return
            if verb == b"DATA":
                if not await self._content(reader, writer, is_dead=is_dead):
                    return
                continue
            writer.write(b"250 8BITMIME\r\n" if verb == b"EHLO" else b"250 ok\r\n")

    async def _content(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_dead: bool) -> bool:
        writer.write(b"354 go\r\n")
        await reader.readuntil(b"\r\n.\r\n")
        await asyncio.sleep(MAIL_S)
        if is_dead:  # it has the mail, and never says so
            await self._over.wait()
            return False
        self.taken += 1
        self.newest_at = time.monotonic()
        writer.write(b"250 taken\r\n")
        return True


async def main() -> None:
    sink = Sink()
    server = await asyncio.start_server(sink.serve, "127.0.0.1", 0, limit=2**20)
    print(server.sockets[0].getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        if line.strip() != "count":
            sink.begin(line.strip())
        print(sink.taken, sink.newest_at, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
