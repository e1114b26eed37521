"""The API and the workers of a drill: started, killed, stopped and let go on. Only these are ever touched."""

from __future__ import annotations

import contextlib
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from random import Random

import psutil

from api.supervisor.child import Child, Show
from engine.errors import ConfigurationError

_READY_WITHIN_S = 120.0


class Processes:
    """A context manager; leaving it ends what is left."""

    def __init__(self, variables: dict[str, str], *, folder: Path, workers: int, show: Show) -> None:
        self.api = Child("api", "api", variables, folder, show)
        self.workers = [Child(f"worker {n}", "worker", variables, folder, show) for n in range(1, workers + 1)]
        self._stopped: list[tuple[float, int]] = []  # until when, and whom
        self._killed: set[int] = set()  # by us, and not replaced yet
        self.deaths = 0  # of others

    def __enter__(self) -> Processes:
        for child in self._all:
            child.start(time.monotonic())
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on(now=float("inf"))
        for child in self._all:
            child.end()

    @property
    def _all(self) -> Sequence[Child]:
        return (self.api, *self.workers)

    def wait_until_ready(self, url: str) -> None:
        deadline = time.monotonic() + _READY_WITHIN_S
        while not is_ready(url):
            if time.monotonic() > deadline or not self.api.is_running:
                raise ConfigurationError("the server of the drill did not start; its log is above")
            time.sleep(0.05)

    def tend(self, now: float) -> None:
        """Start again whoever ended, at once: the pauses of `kogda up` would grow with every fault of ours."""
        for child in self._all:
            if not child.is_running:
                self.deaths += child.pid not in self._killed
                self.kill(child)
        self.go_on(now=now)

    def kill(self, child: Child) -> None:
        """SIGKILL, and another takes its place at once."""
        self._killed.discard(child.pid or 0)
        child.end()
        child.start(time.monotonic())

    def kill_who_speaks(self, port: int) -> bool:
        """The worker whose connection has this port at its end; `tend` replaces it. From any thread."""
        for child in self.workers:
            if child.pid is not None and port in _ports(child.pid):
                self._killed.add(child.pid)
                os.kill(child.pid, signal.SIGKILL)
                return True
        return False

    def stop(self, child: Child, *, for_s: float) -> None:
        """SIGSTOP: it keeps its locks and connections and says nothing."""
        if child.pid is not None and all(pid != child.pid for _, pid in self._stopped):
            os.kill(child.pid, signal.SIGSTOP)
            self._stopped.append((time.monotonic() + for_s, child.pid))

    def go_on(self, *, now: float) -> None:
        for _, pid in [each for each in self._stopped if each[0] <= now]:
            with contextlib.suppress(ProcessLookupError):  # it was killed meanwhile
                os.kill(pid, signal.SIGCONT)
        self._stopped = [each for each in self._stopped if each[0] > now]

    def a_worker(self, random: Random) -> Child:
        return random.choice(self.workers)


def is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _ports(pid: int) -> set[int]:
    try:
        return {each.laddr.port for each in psutil.Process(pid).net_connections("tcp4")}
    except psutil.Error:
        return set()
