"""One child process of `kogda up`: `python -m api.supervisor.part PART PARENT_PID`.

It does not go through the command line of `kogda`, so that a worker need not load what only a terminal needs.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

from engine.config import Settings, read_settings
from engine.errors import KogdaError
from engine.without_terminals import leave_terminals_out

_PR_SET_PDEATHSIG = 1


def main() -> int:
    name, parent = sys.argv[1], int(sys.argv[2])
    die_with(parent)
    try:
        PARTS[name](read_settings())
    except KogdaError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0
    return 0


def die_with(parent: int) -> None:
    """End this process by SIGKILL as soon as `parent` is gone. Nothing is lost by it: only what is committed counts."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:  # it ended before we were ready to notice
        os._exit(1)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGKILL)


def _run_api(settings: Settings) -> None:
    leave_terminals_out()
    from api.server.process import run_api
    from engine.logs import configure_logging

    configure_logging(settings)
    run_api(settings)


def _run_worker(settings: Settings) -> None:
    leave_terminals_out()
    from engine.logs import configure_logging
    from engine.worker import run_worker

    configure_logging(settings)
    run_worker(settings)


#: Imported when they run: each process loads its own part only.
PARTS: dict[str, Callable[[Settings], None]] = {"api": _run_api, "worker": _run_worker}

if __name__ == "__main__":
    sys.exit(main())
