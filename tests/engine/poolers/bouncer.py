"""A PgBouncer that gives out two connections of the server, each for a transaction."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from engine.embedded.processes import let_pass, service_account

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")
CONNECTIONS = 2


@contextmanager
def bouncing(database_url: str, folder: Path) -> Iterator[str]:
    """The URL by which the database is reached over it, without `pool_mode`."""
    assert PGBOUNCER
    port = free_port()
    account = service_account()
    settings = folder / "pgbouncer.ini"
    settings.write_text(_settings(database_url, port))
    if account:
        let_pass(settings)
    command = [PGBOUNCER, "-q", str(settings)]
    process = subprocess.Popen(command, cwd="/", user=account and account.pw_uid, group=account and account.pw_gid)
    try:
        _wait_for(port)
        yield f"postgresql://kogda@127.0.0.1:{port}/kogda"
    finally:
        process.terminate()
        process.wait(60)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _settings(database_url: str, port: int) -> str:
    parts = urlsplit(database_url)
    host = parts.hostname or parse_qs(parts.query)["host"][0]
    return f"""
[databases]
kogda = host={host} port={parts.port or 5432} dbname={parts.path[1:]} user={parts.username}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {CONNECTIONS}
"""


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError("PgBouncer does not listen")
