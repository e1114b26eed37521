"""How commands speak: plain lines on stdout for what was asked, stderr for what went wrong."""

from __future__ import annotations

import sys
import threading
from typing import TextIO

from rich.console import Console

#: Colours of the parts whose lines `kogda up` shows, in the order in which they first speak.
_COLOURS = (36, 35, 34, 33, 32)

#: A file or a pipe has no width of its own: long lines stay whole there.
console = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
errors = Console(stderr=True, highlight=False)


class PartLog:
    """Lines of several processes on one terminal, each with its speaker's name. Safe from any thread."""

    def __init__(self, stream: TextIO, *, width: int = 8) -> None:
        self._stream = stream
        self._width = width
        self._coloured = stream.isatty()
        self._speakers: list[str] = []
        self._lock = threading.Lock()

    def __call__(self, name: str, line: str) -> None:
        with self._lock:
            print(f"{self._label(name)} {line}", file=self._stream, flush=True)

    def _label(self, name: str) -> str:
        if name not in self._speakers:
            self._speakers.append(name)
        label = f"{name:<{self._width}} │"
        if not self._coloured:
            return label
        colour = _COLOURS[self._speakers.index(name) % len(_COLOURS)]
        return f"\x1b[{colour}m{label}\x1b[0m"


def standard_log() -> PartLog:
    return PartLog(sys.stdout)
