"""`kogda up`: owns the embedded services and the children, tends them, and stops them in order."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from api.supervisor.child import Child, Show
from api.supervisor.ports import url
from api.supervisor.services import with_urls
from api.supervisor.signals import Signals
from engine.config import Settings
from engine.embedded import EmbeddedServices
from engine.errors import ConfigurationError

_READY_WITHIN_S = 120.0
_API_STOPS_WITHIN_S = 25.0  # it gives requests under way 20
_WORKERS_STOP_WITHIN_S = 25.0
_SERVICE_RETRY_S = 5.0


class Supervisor:
    """One machine's API and workers. `variables` give the children their settings, URLs of the services included."""

    def __init__(
        self, settings: Settings, variables: dict[str, str], *, folder: Path, signals: Signals, show: Show
    ) -> None:
        self.url = url(settings.host, settings.port)
        self._signals = signals
        self._show = show
        self._api = Child("api", "api", variables, folder, show)
        names = ["worker"] if settings.workers == 1 else [f"worker {n}" for n in range(1, settings.workers + 1)]
        self._workers = [Child(name, "worker", variables, folder, show) for name in names]

    @property
    def children(self) -> list[Child]:
        return [self._api, *self._workers]

    def start(self) -> bool:
        """True once the API answers that it is ready; False when a signal came first.

        Raises ConfigurationError when a child ends before that: it has said why in its own output.
        """
        now = time.monotonic()
        for child in self.children:
            child.start(now)
        deadline = now + _READY_WITHIN_S
        while not self._signals.is_stopping:
            if self._is_ready():
                return True
            self._refuse_early_deaths()
            if time.monotonic() > deadline:
                raise ConfigurationError(f"the server is not ready after {_READY_WITHIN_S:.0f} s; its log is above")
            self._signals.wait(0.05)
        return False

    def tend(self) -> None:
        """Called every now and then: starts again what died."""
        now = time.monotonic()
        for child in self.children:
            child.tend(now)

    def stop(self) -> None:
        """The API first, so that nothing new comes in; then the workers, which finish their batch."""
        self._stop([self._api], _API_STOPS_WITHIN_S)
        self._stop(self._workers, _WORKERS_STOP_WITHIN_S)

    def _stop(self, children: Iterable[Child], timeout_s: float) -> None:
        for child in children:
            child.ask_to_stop()
        deadline = time.monotonic() + timeout_s
        while any(child.is_running for child in children) and time.monotonic() < deadline:
            if self._signals.is_hurried:
                break
            self._signals.wait(0.05)
        for child in children:
            if child.is_running and not self._signals.is_hurried:
                self._show(child.name, f"did not stop within {timeout_s:.0f} s and was ended")
            child.end()

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def _refuse_early_deaths(self) -> None:
        for child in self.children:
            if not child.is_running:
                child.end()
                raise ConfigurationError(f"the {child.name} could not start; its own words are above")


class LocalServices:
    """The embedded services while `kogda up` runs. `settings` have their URLs; what is configured is not started."""

    def __init__(self, settings: Settings, embedded: EmbeddedServices | None, show: Show) -> None:
        self.settings = settings
        self._embedded = embedded
        self._show = show
        self._retry_at = 0.0

    @property
    def is_embedded(self) -> bool:
        return self._embedded is not None

    def tend(self) -> None:
        """Start again a service that somebody killed."""
        if self._embedded is None or time.monotonic() < self._retry_at:
            return
        for name, service in (("postgres", self._embedded.postgres), ("redis", self._embedded.redis)):
            if service.is_running:
                continue
            self._show(name, "has stopped; starting it again")
            try:
                service.start()
            except ConfigurationError as error:
                self._show(name, str(error))
                self._retry_at = time.monotonic() + _SERVICE_RETRY_S


@contextmanager
def local_services(settings: Settings, show: Show) -> Iterator[LocalServices]:
    """Raises DataFolderTaken when another process owns the data folder."""
    if settings.database_url and settings.redis_url:
        yield LocalServices(settings, None, show)
        return
    with EmbeddedServices(settings.data) as embedded:
        yield LocalServices(with_urls(settings, embedded.postgres.url, embedded.redis.url), embedded, show)
