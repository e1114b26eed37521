"""An aiosmtpd server in a process of its own: prints its port, and writes each Message-ID down before it says 250."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

from aiosmtpd.smtp import SMTP


class Recorder:
    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        head = envelope.content.partition(b"\r\n\r\n")[0]
        line = next(line for line in head.split(b"\r\n") if line.startswith(b"Message-ID:"))
        os.write(self._file, line.partition(b"<")[2].partition(b"@")[0] + b"\n")
        await asyncio.sleep(0.002)  # the window between taking a mail and saying so
        return "250 taken"


async def main(path: str) -> None:
    recorder = Recorder(path)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(recorder, loop=loop), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
