"""A child process that is started again when it dies, later after each death."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from engine.embedded.processes import OneProcess

#: Seconds before the second, third … start. A child that lived for `_STEADY_S` begins again at the first.
_BACKOFF_S = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
_STEADY_S = 60.0

Show: TypeAlias = Callable[[str, str], None]


@dataclass
class Child(OneProcess[str]):
    """`part` is a key of api.supervisor.part.PARTS; `show` takes this child's name and one line of its output."""

    name: str
    part: str
    environment: dict[str, str]
    folder: Path  # where it runs: a .env there is read
    show: Show
    exits: list[int] = field(default_factory=list)  # exit codes of its deaths, oldest first
    _reader: threading.Thread | None = None
    _started_at: float = 0.0
    _deaths: int = 0  # in a row
    _retry_at: float | None = None

    def start(self, now: float) -> None:
        """Called from the main thread only: the kernel ends a child with the thread that made it."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "api.supervisor.part", self.part, str(os.getpid())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=self.environment,
            cwd=self.folder,
            start_new_session=True,  # a Ctrl-C in the terminal is for the supervisor, which stops things in order
        )
        self._started_at, self._retry_at = now, None
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()

    def tend(self, now: float) -> None:
        """Notice a death, and start again when its time has come. `now` is monotonic."""
        if self.is_running:
            return
        if self._retry_at is None:
            self._note_death(now)
        elif now >= self._retry_at:
            self.start(now)

    def ask_to_stop(self) -> None:
        """It finishes what it holds, then ends."""
        if self._process and self.is_running:
            self._process.send_signal(signal.SIGTERM)

    def end(self) -> None:
        """Kill it if it still runs, and read the last of its output."""
        if self._process:
            self._process.kill()
            self._process.wait()
        if self._reader:
            self._reader.join(timeout=1)

    def _note_death(self, now: float) -> None:
        code = self._process.returncode if self._process else 0
        self.exits.append(code)
        self._deaths = 0 if now - self._started_at > _STEADY_S else self._deaths
        pause = _BACKOFF_S[min(self._deaths, len(_BACKOFF_S) - 1)]
        self._deaths += 1
        self._retry_at = now + pause
        again = f"starting it again in {pause:.0f} s" if pause else "starting it again"
        self.show(self.name, f"{_how(code)}; {again}")

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as output:
            for line in output:
                self.show(self.name, line.rstrip("\n"))


def _how(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"stopped with exit code {code}"
