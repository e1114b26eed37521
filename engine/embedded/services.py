"""Both embedded services of one data folder, owned by one process at a time."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from engine.embedded.postgres import Postgres
from engine.embedded.processes import service_account
from engine.embedded.redis import Redis
from engine.errors import ConfigurationError, DataFolderTaken


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the services of a data folder answer, and which process owns them."""

    database_url: str
    redis_url: str
    pid: int


class EmbeddedServices:
    """A context manager: entering takes the data folder and starts both services, leaving stops them.

    Raises DataFolderTaken when another live process owns the folder.
    """

    def __init__(self, data: Path, *, postgres_options: dict[str, str] | None = None) -> None:
        self.data = data.resolve()
        sockets = _socket_folder(self.data)
        self.postgres = Postgres(folder=self.data / "postgres", sockets=sockets, options=postgres_options or {})
        self.redis = Redis(sockets=sockets, log=self.data / "redis.log")
        self._lock: int | None = None

    @property
    def endpoints(self) -> Endpoints:
        return Endpoints(self.postgres.url, self.redis.url, os.getpid())

    def __enter__(self) -> EmbeddedServices:
        try:
            self.data.mkdir(parents=True, exist_ok=True)
            self._take_folder()
        except OSError as error:
            raise ConfigurationError(
                f"the data folder {self.data} cannot be used ({error.strerror}); choose another with --data"
            ) from error
        try:
            _make_socket_folder(self.postgres.sockets)
            self.postgres.start()
            self.redis.start()
            (self.data / "endpoints.json").write_text(json.dumps(asdict(self.endpoints)))
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        (self.data / "endpoints.json").unlink(missing_ok=True)
        self.redis.stop()
        self.postgres.stop()
        if self._lock is not None:
            _leave_socket_folder(self.postgres.sockets)
            os.close(self._lock)
            self._lock = None

    def _take_folder(self) -> None:
        lock = os.open(self.data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.read(lock, 20).decode(errors="replace").strip()
            os.close(lock)
            raise DataFolderTaken(self.data, int(owner) if owner.isdigit() else None) from error
        os.ftruncate(lock, 0)
        os.write(lock, str(os.getpid()).encode())
        self._lock = lock


def has_database(data: Path) -> bool:
    """Whether a server was ever started in this folder."""
    return (data / "postgres" / "PG_VERSION").is_file()


def running_endpoints(data: Path) -> Endpoints | None:
    """The services of `data` if a live process owns them, for commands beside a running `kogda up`."""
    try:
        endpoints = Endpoints(**json.loads((data / "endpoints.json").read_text()))
        os.kill(endpoints.pid, 0)
    except ProcessLookupError:
        return None
    except (OSError, ValueError, TypeError):
        return None
    return endpoints


def _socket_folder(data: Path) -> Path:
    """A short path (a socket's may have 107 bytes), the same for the same data folder and user."""
    digest = hashlib.sha256(f"{data}:{os.geteuid()}".encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"kogda-{digest}"


def _make_socket_folder(folder: Path) -> None:
    """Ours alone: trust within the socket is access to the database."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if not _is_ours(folder):
        raise ConfigurationError(f"{folder} belongs to somebody else; remove it")
    folder.chmod(0o700)
    account = service_account()
    if account:
        os.chown(folder, account.pw_uid, account.pw_gid)


def _leave_socket_folder(folder: Path) -> None:
    """It goes when nothing is in it; the next start makes it again."""
    with contextlib.suppress(OSError):
        if _is_ours(folder):
            folder.rmdir()


def _is_ours(folder: Path) -> bool:
    account = service_account()
    owner = account.pw_uid if account else os.geteuid()
    return not folder.is_symlink() and folder.stat().st_uid in (owner, os.geteuid())
