"""Where what is worth keeping between processes lies."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def cache_directory() -> Path | None:
    """KOGDA_CACHE_DIR, or the user's own. None when it cannot be made private to the user: a saved parser is code."""
    try:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        directory = Path(os.environ.get("KOGDA_CACHE_DIR") or Path(base) / "kogda")
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return directory if _is_private(directory) and os.access(directory, os.W_OK) else None
    except (OSError, RuntimeError):  # RuntimeError: the user has no home
        return None


def _is_private(directory: Path) -> bool:
    facts = directory.stat()
    mine = not hasattr(os, "getuid") or facts.st_uid == os.getuid()
    return mine and not facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
