"""Notices saved workspace files and says so, once per burst."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import watchfiles

FILES = ("kogda.yaml", "schema.yaml")
FOLDERS = ("rules", "templates")

#: What the kernel did not tell is seen this often: what was saved before it was asked to, and a folder of a network.
_LOOK_EVERY_MS = 5_000

Stamps = dict[Path, tuple[int, int]]


class Watcher:
    """Two threads that sleep in the kernel: one for the files of the workspace's root, one for the folders below.

    The root is not watched as a tree: it may hold a whole repository.
    New is what differs from the moment when the Watcher was made, so nothing is missed that is saved before `start`.
    """

    def __init__(self, workspace: Path, notice: Callable[[], None]) -> None:
        self._workspace = workspace
        self._notice = notice
        self._stop = threading.Event()
        self._is_new = False
        self._one_at_a_time = threading.Lock()
        self._seen = self._stamps()

    def start(self) -> None:
        folders = [self._workspace / name for name in FOLDERS if (self._workspace / name).is_dir()]
        for paths, recursive in (((self._workspace,), False), (tuple(folders), True)):
            if paths:
                threading.Thread(target=self._watch, args=(paths, recursive), daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def take(self) -> bool:
        """Whether something was saved since the last call."""
        was_new, self._is_new = self._is_new, False
        return was_new

    def _watch(self, paths: tuple[Path, ...], recursive: bool) -> None:
        changes = watchfiles.watch(
            *paths,
            recursive=recursive,
            stop_event=self._stop,
            watch_filter=_matters,
            raise_interrupt=False,
            rust_timeout=_LOOK_EVERY_MS,
            yield_on_timeout=True,
        )
        for _ in changes:
            self._look()

    def _look(self) -> None:
        with self._one_at_a_time:
            stamps = self._stamps()
            if stamps != self._seen:
                self._seen = stamps
                self._is_new = True
                self._notice()

    def _stamps(self) -> Stamps:
        """When each file was saved, and how long it is."""
        found: Stamps = {}
        for path in self._files():
            try:
                status = path.stat()
            except FileNotFoundError:  # an editor replaces it at this moment
                continue
            found[path] = (status.st_mtime_ns, status.st_size)
        return found

    def _files(self) -> Iterator[Path]:
        for name in FILES:
            yield self._workspace / name
        for folder in FOLDERS:
            for within, _, names in os.walk(self._workspace / folder):
                yield from (Path(within, name) for name in names if _is_ours(name))


def _matters(change: watchfiles.Change, path: str) -> bool:
    return _is_ours(Path(path).name)


def _is_ours(name: str) -> bool:
    return name in FILES or name.endswith((".rules", ".html", ".mjml", ".txt"))
