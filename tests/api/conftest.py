"""The API on a fresh database: in process for most tests, behind a real socket where the socket matters."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import pytest

from api.server.app import create_app
from api.server.process import ApiServer, api_server, listening_socket
from engine.config import Settings
from engine.flow.answers.keep_hits import HitKeeper
from engine.runtime import Runtime, open_runtime
from engine.storage.database import Database

KEY = "test-key"
ADMIN_KEY = "admin-key"


def api_settings(database_url: str, **changes: Any) -> Settings:
    given = {"database_url": database_url, "waker": "null", "write_key": KEY, "admin_key": ADMIN_KEY, **changes}
    return Settings(_env_file=None, **given)  # type: ignore[call-arg]


@pytest.fixture
def changed_settings() -> dict[str, Any]:
    """For tests that need others to say."""
    return {}


@pytest.fixture
async def runtime(database_url: str, changed_settings: dict[str, Any]) -> AsyncIterator[Runtime]:
    async with open_runtime(api_settings(database_url, **changed_settings)) as runtime:
        yield runtime


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(runtime) as client:
        yield client


@pytest.fixture
async def reader(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who opens mails and presses links."""
    async with client_of(runtime) as client:
        yield client
        await hits_of(client).close()


@pytest.fixture
async def provider(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody else's server, which has no key of ours."""
    async with client_of(runtime) as client:
        client.auth = None  # type: ignore[assignment]
        yield client


def hits_of(client: httpx.AsyncClient) -> HitKeeper:
    found: HitKeeper = client._transport.app.state.services.hits  # type: ignore[attr-defined]
    return found


def client_of(runtime: Runtime, *, from_host: str = "127.0.0.1") -> httpx.AsyncClient:
    # Not raising what the application raises: a caller would not see it either, only the answer.
    transport = httpx.ASGITransport(create_app(runtime), raise_app_exceptions=False, client=(from_host, 50000))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost", auth=(KEY, ""))


@dataclass(frozen=True, slots=True)
class Stored:
    """What is in the database, for asserts."""

    database: Database

    async def events(self) -> list[dict[str, Any]]:
        """In the order in which workers decide them."""
        async with self.database.connection() as connection:
            return [dict(row) for row in await connection.fetch("SELECT * FROM event ORDER BY xid, seq")]

    async def rejects(self) -> list[dict[str, Any]]:
        async with self.database.connection() as connection:
            return [dict(row) for row in await connection.fetch("SELECT * FROM reject ORDER BY id")]

    async def names(self) -> list[str]:
        return [event["name"] for event in await self.events()]


@pytest.fixture
def stored(database: Database) -> Stored:
    return Stored(database)


@dataclass(frozen=True, slots=True)
class LiveServer:
    url: str
    port: int


@pytest.fixture
def live_server(database_url: str) -> Iterator[LiveServer]:
    with live(api_settings(database_url)) as server:
        yield server


@contextmanager
def live(settings: Settings, **deadlines: Any) -> Iterator[LiveServer]:
    """A server on a free port, in a thread with an event loop of its own."""
    listening = listening_socket("127.0.0.1", 0)
    servers: list[tuple[asyncio.AbstractEventLoop, ApiServer]] = []
    ready = threading.Event()

    async def run() -> None:
        async with open_runtime(settings) as runtime:
            server = api_server(runtime, **deadlines)
            servers.append((asyncio.get_running_loop(), server))
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            while not server.started and not serving.done():
                await asyncio.sleep(0.01)
            ready.set()
            await serving

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    assert ready.wait(60)
    port = listening.getsockname()[1]
    try:
        yield LiveServer(f"http://127.0.0.1:{port}", port)
    finally:
        [(loop, server)] = servers
        loop.call_soon_threadsafe(server.stop)
        thread.join(30)


def batch(*items: Any, **fields: Any) -> bytes:
    return orjson.dumps({"batch": list(items), **fields})


def track(event: str = "Order Completed", **fields: Any) -> dict[str, Any]:
    return {"type": "track", "event": event, "userId": "42", **fields}
