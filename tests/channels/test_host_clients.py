"""Connections that stay open for a moment: none is closed under whoever uses it."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import AsyncExitStack

import httpx

from engine.channels.host_clients import Door, HostClients

#: More than stay open, and as many again.
MANY = 130


class SlowToClose(httpx.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200)

    async def aclose(self) -> None:
        await asyncio.sleep(0)


class Clients(HostClients):
    def _opened(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=SlowToClose())


def door(number: int) -> Door:
    return Door("https", f"host-{number}.example", None, "192.0.2.1")


async def test_a_client_that_is_taken_while_others_are_closed_stays_open():
    clients = Clients(ssl.create_default_context())
    for number in range(MANY // 2 - 1):  # they stay open, and nobody uses them
        async with clients.at(door(number)):
            pass

    async def use_the_others() -> None:
        """The first that is done closes as many of the unused ones as there are too many."""
        async with AsyncExitStack() as stack:
            for number in range(MANY // 2, MANY):
                await stack.enter_async_context(clients.at(door(number)))

    closing = asyncio.create_task(use_the_others())
    statuses = []
    while not closing.done():
        async with clients.at(door(MANY // 2 - 2)) as client:
            await asyncio.sleep(0)
            statuses.append((await client.get("https://host.example/")).status_code)

    await closing
    await clients.close()
    assert set(statuses) == {200}
