"""A real `kogda up` for a test, and what it left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from tests.forking import run_kogda

WRITE_KEY = "wk_000000000001.a-key-for-tests-that-is-long-enough"


def kogda(
    *arguments: str | Path, cwd: Path, within_s: float = 240, typed: str | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, apart from the settings of this shell. `typed` is its standard input."""
    words, given = [str(argument) for argument in arguments], (typed or "").encode()
    done = run_kogda(words, cwd=cwd, variables=environment(**variables), given=given, within_s=within_s)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def environment(**variables: str) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("KOGDA_")}
    plain.pop("PYTHONDONTWRITEBYTECODE", None)  # each of many processes would compile everything anew
    return {**plain, "PYTHONUNBUFFERED": "1", **variables}


def save(path: Path, text: str) -> None:
    """In one go, as editors do: nobody who watches sees half of it."""
    path.with_suffix(".saving").write_text(text)
    path.with_suffix(".saving").replace(path)


def until(condition: Callable[[], Any], *, within_s: float = 60) -> Any:
    """What `condition` says as soon as it is true. Fails after `within_s`."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {within_s} s: {condition.__name__}")


class RunningUp:
    """A context manager. Leaving it ends what is left."""

    def __init__(self, workspace: Path, *arguments: str, **variables: str) -> None:
        self.workspace = workspace
        command = [sys.executable, "-m", "api.cli", "up", "--port", "0", *arguments]
        self.process = subprocess.Popen(
            command,
            cwd=workspace,
            env=environment(KOGDA_WRITE_KEY=WRITE_KEY, **variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._family: dict[int, psutil.Process] = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> RunningUp:
        until(lambda: "Ctrl-C stops" in self.output or self.process.poll() is not None, within_s=200)
        assert self.process.poll() is None, self.output
        self.family()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(60)
        self._reader.join(60)
        if self.process.stdout:
            self.process.stdout.close()

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    @property
    def url(self) -> str:
        found = re.search(r"(http://[\d.:]+)/v1", self.output)
        assert found, self.output
        return found[1]

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def family(self) -> list[psutil.Process]:
        """This process and all its children; remembered for `orphans`."""
        parent = psutil.Process(self.process.pid)
        members = [parent, *parent.children(recursive=True)]
        self._family.update({member.pid: member for member in members})
        return members

    def child(self, words: str) -> psutil.Process:
        """The running child whose command line holds `words`. Not one of its own, which begin with its command line."""
        return min(self.children(words), key=lambda each: each.create_time())

    def children(self, words: str) -> list[psutil.Process]:
        """All of them; one that ends while it is looked at is none."""
        return [each for each in self.family() if words in command_of(each)]

    def orphans(self) -> list[psutil.Process]:
        """Members of the family that still run."""
        return [each for each in self._family.values() if still_runs(each)]

    def stop(self, sign: signal.Signals) -> int:
        self.family()
        self.process.send_signal(sign)
        code = self.process.wait(60)
        self._reader.join(60)
        return code

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=60) as answer:
            text: str = answer.read().decode()
        return text

    def is_ready(self) -> bool:
        try:
            self.get("/health/ready")
        except OSError:
            return False
        return True

    def post(self, path: str, body: dict[str, Any]) -> None:
        credentials = b64encode(f"{WRITE_KEY}:".encode()).decode()
        request = urllib.request.Request(
            f"{self.url}{path}",
            data=json.dumps(body).encode(),
            headers={"Authorization": f"Basic {credentials}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60):
            pass

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))


def still_runs(process: psutil.Process) -> bool:
    """A zombie has ended, and so has who ends while it is looked at."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def command_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # a zombie is one of these
        return ""
