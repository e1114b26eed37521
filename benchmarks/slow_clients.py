"""A thousand clients that never end their headers or their body: when the last of them is let go."""

from __future__ import annotations

import asyncio
import contextlib
import time

from benchmarks import shop
from benchmarks.report import Figure
from benchmarks.stand import Stand

CONNECTIONS = 1_000  # as many as the API keeps by default
STARTS = (
    b"POST /v1/batch HTTP/1.1\r\nHost: bench\r\nX-Slow: ",
    b"POST /v1/batch HTTP/1.1\r\nHost: bench\r\nContent-Length: 90000\r\n\r\n",
)


def measure() -> list[Figure]:
    with Stand(shop.rules(1), shop.SCHEMA, shop.TEMPLATES, workers=0) as stand:
        stand.start()
        ended = asyncio.run(_all_ended(stand.port))
    told = sum(status == b"408" for _, status in ended)
    return [
        Figure(
            what="the last of a thousand slow connections is closed after", value=max(after for after, _ in ended),
            unit="s", goal=35, at_least=False,
            detail=f"half never end their headers, half their body; a byte every 2 s; {told:,} were answered 408",
        ),
    ]  # fmt: skip


async def _all_ended(port: int) -> list[tuple[float, bytes]]:
    return await asyncio.gather(*(_ended(port, STARTS[number % 2]) for number in range(CONNECTIONS)))


async def _ended(port: int, start: bytes) -> tuple[float, bytes]:
    """After how many seconds, and the status."""
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(start)
    reading, answer = asyncio.create_task(reader.read(500)), b""
    while not reading.done():
        writer.write(b"x")
        await asyncio.wait([reading], timeout=2)
    with contextlib.suppress(ConnectionError):
        answer = await reading
    writer.close()
    return time.monotonic() - began, answer[9:12]
