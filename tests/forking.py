"""Processes forked from one that has everything loaded: a start costs a tenth of a new interpreter's."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

#: One process has them all, and forks for whoever asks. Of the command line only what it stands on: its own modules
#: read the settings of the one who calls.
LOADED = (
    "alembic.command", "api.server.process", "dsl.compiler", "engine.worker", "rich.console", "typer",
    "tests.drills.armed", "tests.drills.operations", "tests.engine.delivery.sender_process",
)  # fmt: skip


def start(target: Callable[..., None], *arguments: Any) -> Any:
    """Of a module that can be imported. It ends with the test run at the latest."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(LOADED))
    process = context.Process(target=target, args=arguments, daemon=True)
    process.start()
    return process


def run_kogda(
    arguments: list[str], *, cwd: Path, variables: Mapping[str, str], given: bytes = b"", within_s: float = 240
) -> subprocess.CompletedProcess[bytes]:
    """`kogda` as a shell would run it: these variables and no others. Raises subprocess.TimeoutExpired."""
    with tempfile.TemporaryDirectory() as folder:
        streams = [Path(folder, name) for name in ("stdin", "stdout", "stderr")]
        streams[0].write_bytes(given)
        process = start(_command, arguments, str(cwd), dict(variables), [str(stream) for stream in streams])
        process.join(within_s)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(["kogda", *arguments], within_s, streams[1].read_bytes())
        return subprocess.CompletedProcess(
            ["kogda", *arguments], process.exitcode, streams[1].read_bytes(), streams[2].read_bytes()
        )


def _command(arguments: list[str], cwd: str, variables: dict[str, str], streams: list[str]) -> None:
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(cwd)
    given, said, wrong = streams
    sys.stdin = _connect(0, given, os.O_RDONLY, "r")
    sys.stdout = _connect(1, said, os.O_WRONLY | os.O_CREAT, "w")
    sys.stderr = _connect(2, wrong, os.O_WRONLY | os.O_CREAT, "w")
    sys.argv = ["kogda", *arguments]
    from api.cli import main

    main()


def _connect(number: int, path: str, flags: int, mode: str) -> IO[str]:
    file = os.open(path, flags)
    os.dup2(file, number)
    os.close(file)
    return open(number, mode, encoding="utf-8", closefd=False)
