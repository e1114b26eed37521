"""Child processes that cannot outlive their parent, and a service user when the parent is root."""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, AnyStr, Generic

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def start_child(
    command: Sequence[str | Path], *, log: Path, account: pwd.struct_passwd | None
) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own (a Ctrl-C in the terminal is not for it), its output in `log`.

    On Linux the kernel ends it with SIGINT when the calling thread ends, so that even a killed parent leaves no orphan.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent if _libc else None,
            **_as_account(account),
        )


def run_child(command: Sequence[str | Path], *, account: pwd.struct_passwd | None, text_in: str = "") -> None:
    """Run `command` to its end; CalledProcessError carries its output."""
    subprocess.run(
        [str(part) for part in command],
        check=True,
        input=text_in,
        capture_output=True,
        text=True,
        **_as_account(account),
    )


class OneProcess(Generic[AnyStr]):
    """What is a process of its own while it runs, and begins as none."""

    _process: subprocess.Popen[AnyStr] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None


class Server(OneProcess[bytes]):
    """One child that serves until it is ended."""

    def _end(self, sign: signal.Signals, *, timeout_s: float) -> None:
        if self._process:
            end_child(self._process, sign, timeout_s)
            self._process = None


def end_child(process: subprocess.Popen[bytes], sign: signal.Signals, timeout_s: float) -> None:
    if process.poll() is None:
        process.send_signal(sign)
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def service_account() -> pwd.struct_passwd | None:
    """Whom PostgreSQL runs as when we are root, which it refuses to be. None: as ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def let_pass(path: Path) -> None:
    """Let every user pass through the folders above `path` (o+x, nothing more): the service account must reach it."""
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def _as_account(account: pwd.struct_passwd | None) -> dict[str, Any]:
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": [], "cwd": "/"}


def _end_with_parent() -> None:
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
