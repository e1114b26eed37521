"""A whole Kogda for a measurement: embedded services with their ordinary (durable) settings, a workspace, processes."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from engine.embedded import EmbeddedServices

WRITE_KEY = "wk_bench.0123456789abcdef0123456789abcdef"
KOGDA = Path(sys.executable).parent / "kogda"


@dataclass
class Stand:
    """A context manager. `rules`, `schema` and `templates` become the workspace that is published."""

    rules: str
    schema: str
    templates: dict[str, str]
    workers: int = 1
    environment: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> Stand:
        self.folder = Path(tempfile.mkdtemp(prefix="kogda-bench-"))
        self.services = EmbeddedServices(self.folder / "data")
        self.processes: list[subprocess.Popen[bytes]] = []
        try:
            self._open()
        except BaseException:
            self._close()
            raise
        return self

    def _open(self) -> None:
        self.port = free_port()
        self._write_workspace()
        self.services.__enter__()
        self.database_url = self.services.endpoints.database_url
        self.run("migrate")
        self.run("publish", "--workspace", str(self.folder / "shop"))

    def start(self) -> None:
        """The API and the workers; returns when the API is ready."""
        self.processes.append(self._spawn("api"))
        self.processes.extend(self._spawn("worker") for _ in range(self.workers))
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=1)
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"the API is not ready; see {self.folder}")

    def stop_workers(self) -> None:
        """As `__exit__` does; the API goes on."""
        for worker in self.processes[1:]:
            worker.terminate()
            worker.wait(25)
        del self.processes[1:]

    def start_worker(self) -> None:
        self.processes.append(self._spawn("worker"))

    def run(self, *command: str) -> None:
        subprocess.run([KOGDA, *command], env=self._environment(), check=True, stdout=subprocess.DEVNULL)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(25)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.services.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _spawn(self, part: str) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{part}.log").open("ab")
        return subprocess.Popen([KOGDA, part], env=self._environment(), stdout=log, stderr=log)

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "KOGDA_DATABASE_URL": self.services.endpoints.database_url,
            "KOGDA_REDIS_URL": self.services.endpoints.redis_url,
            "KOGDA_WRITE_KEY": WRITE_KEY,
            "KOGDA_PORT": str(self.port),
            "KOGDA_LOG_LEVEL": "warning",
            **self.environment,
        }

    def _write_workspace(self) -> None:
        shop = self.folder / "shop"
        (shop / "rules").mkdir(parents=True)
        (shop / "kogda.yaml").write_text("language: 1\nname: Bench\ntimezone: UTC\ncurrency: EUR\n")
        (shop / "schema.yaml").write_text(self.schema)
        (shop / "rules" / "bench.rules").write_text(self.rules)
        for name, text in self.templates.items():
            path = shop / "templates" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


@contextmanager
def scratch_services(options: dict[str, str] | None = None) -> Iterator[EmbeddedServices]:
    """The services alone, with what they store gone afterwards. `options` are PostgreSQL's."""
    folder = Path(tempfile.mkdtemp(prefix="kogda-bench-"))
    try:
        with EmbeddedServices(folder, postgres_options=options) as services:
            yield services
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def helper(module: str) -> Iterator[subprocess.Popen[str]]:
    """A module that runs beside us, told and asked by lines."""
    command = [sys.executable, "-m", module]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
