"""Ctrl-C, SIGTERM and SIGHUP as a count, and a wait that they end."""

from __future__ import annotations

import contextlib
import select
import signal
import socket
from types import FrameType, TracebackType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """A context manager of the main thread. The first signal asks to stop, the second to hurry."""

    def __init__(self) -> None:
        self._count = 0
        self._before: dict[signal.Signals, Any] = {}

    @property
    def is_stopping(self) -> bool:
        return self._count > 0

    @property
    def is_hurried(self) -> bool:
        return self._count > 1

    def wait(self, timeout_s: float) -> None:
        """Returns at the first signal or `wake()`, at the latest after `timeout_s`."""
        ready, _, _ = select.select([self._receiver], [], [], timeout_s)
        if ready:
            self._receiver.recv(4096)

    def wake(self) -> None:
        """End the wait; from any thread."""
        with contextlib.suppress(OSError):
            self._sender.send(b"\0")

    def __enter__(self) -> Signals:
        # A pipe, not a threading.Event: a handler that runs inside Event.wait could wait for a lock that it holds.
        self._receiver, self._sender = socket.socketpair()
        self._sender.setblocking(False)
        self._wakeup = signal.set_wakeup_fd(self._sender.fileno(), warn_on_full_buffer=False)
        for sign in _SIGNALS:
            self._before[sign] = signal.signal(sign, self._count_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for sign, handler in self._before.items():
            signal.signal(sign, handler)
        signal.set_wakeup_fd(self._wakeup)
        self._receiver.close()
        self._sender.close()

    def _count_signal(self, number: int, frame: FrameType | None) -> None:
        self._count += 1
