"""The API as a process: `kogda api`, and one part of `kogda up`."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

import uvicorn
import uvloop

from api.server.app import create_app
from api.server.protocol import Limits, protocol_with
from engine.config import Settings
from engine.errors import ConfigurationError, PortTaken
from engine.failpoints import arm
from engine.runtime import Runtime, started

KEEP_ALIVE_S = 75
STOP_WITHIN_S = 20  # for requests under way after SIGTERM


def run_api(settings: Settings) -> None:
    """Until SIGTERM or SIGINT. Raises ConfigurationError when it cannot start."""
    arm(os.environ)
    with listening_socket(settings.host, settings.port) as listening:
        tune_garbage_collection()
        uvloop.run(_run(settings, listening))


def tune_garbage_collection() -> None:
    """A batch makes thousands of short-lived values and no cycles: looking for some cost a sixth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


async def _run(settings: Settings, listening: socket.socket) -> None:
    async with AsyncExitStack() as stack:
        runtime = await started(settings, stack, asyncio.Event())  # until it serves, a signal simply ends it
        await serve(runtime, listening)


async def serve(runtime: Runtime, listening: socket.socket) -> None:
    """Serve on a socket that is bound already, until a signal."""
    server = api_server(runtime)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    await server.serve(sockets=[listening])


class ApiServer(uvicorn.Server):
    """Leaves signals to the caller: uvicorn's own way ends the process before the runtime is closed."""

    def __init__(self, config: uvicorn.Config, stopping: asyncio.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    def stop(self) -> None:
        self.should_exit = True
        self._stopping.set()  # pages that listen would be waited for

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def api_server(runtime: Runtime, *, keep_alive_s: int = KEEP_ALIVE_S, **deadlines: float) -> ApiServer:
    """`headers_s` and `body_s` may be given other values than those that are promised."""
    settings = runtime.settings
    limits = Limits(
        max_connections=settings.max_connections,
        max_connections_per_client=settings.max_connections_per_client,
        **deadlines,
    )
    config = uvicorn.Config(
        create_app(runtime),
        http=protocol_with(limits),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=keep_alive_s,
        timeout_graceful_shutdown=STOP_WITHIN_S,
    )
    return ApiServer(config, runtime.stopping)


def listening_socket(host: str, port: int) -> socket.socket:
    """Raises PortTaken, or ConfigurationError when the address is not one of this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(host, port) from error
        raise ConfigurationError(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
    listening.set_inheritable(True)
    return listening
