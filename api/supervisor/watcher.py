"""Notices saved workspace files and says so, once per burst."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import watchfiles

FILES = ("kogda.yaml", "schema.yaml")
FOLDERS = ("rules", "templates")


class Watcher:
    """Two threads that sleep in the kernel: one for the files of the workspace's root, one for the folders below.

    The root is not watched as a tree: it may hold a whole repository.
    """

    def __init__(self, workspace: Path, notice: Callable[[], None]) -> None:
        self._workspace = workspace
        self._notice = notice
        self._stop = threading.Event()

    def start(self) -> None:
        folders = [self._workspace / name for name in FOLDERS if (self._workspace / name).is_dir()]
        for paths, recursive in (((self._workspace,), False), (tuple(folders), True)):
            if paths:
                threading.Thread(target=self._watch, args=(paths, recursive), daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def _watch(self, paths: tuple[Path, ...], recursive: bool) -> None:
        changes = watchfiles.watch(
            *paths, recursive=recursive, stop_event=self._stop, watch_filter=_matters, raise_interrupt=False
        )
        for _ in changes:
            self._notice()


def _matters(change: watchfiles.Change, path: str) -> bool:
    name = Path(path).name
    return name in FILES or name.endswith((".rules", ".html", ".mjml", ".txt"))
