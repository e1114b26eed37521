"""Which lines a pull request changes, so that what it is to blame for is shown first."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

_HUNK = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@")
TIMEOUT_S = 20


def changed_lines(folder: Path) -> dict[str, frozenset[int]]:
    """By path in the repository. Empty outside a pull request of GitHub, or where git cannot say."""
    base = os.environ.get("GITHUB_BASE_REF")
    if not base:
        return {}
    command = ["git", "diff", "--unified=0", "--no-color", "--no-ext-diff", f"origin/{base}...HEAD"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=TIMEOUT_S)
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return {}
    return read_diff(done.stdout)


def read_diff(text: str) -> dict[str, frozenset[int]]:
    changed: dict[str, set[int]] = {}
    lines: set[int] = set()
    for line in text.splitlines():
        if line.startswith("+++ "):
            lines = changed.setdefault(line[4:].removeprefix("b/"), set())
        elif match := _HUNK.match(line):
            start, count = int(match[1]), int(match[2] or 1)
            lines.update(range(start, start + count))
    return {path: frozenset(lines) for path, lines in changed.items()}


def prefix_in_repository(folder: Path) -> str:
    """From the top of the repository to the folder: `examples/polka/`, or nothing."""
    resolved = folder.resolve()
    for parent in (resolved, *resolved.parents):
        if (parent / ".git").exists():
            relative = resolved.relative_to(parent).as_posix()
            return "" if relative == "." else f"{relative}/"
    return ""
