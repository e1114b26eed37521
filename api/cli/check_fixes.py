"""`kogda check --fix`: writes safe fixes into the files, or shows them."""

from __future__ import annotations

import sys
from difflib import unified_diff
from pathlib import Path

from api.cli.rule_files import replace_text
from api.language import told
from dsl.messages import say
from dsl.source import Source
from engine.errors import ConfigurationError
from engine.flow.checking.safe_fixes import Mended

BOM = b"\xef\xbb\xbf"


def show_fixes(mended: Mended) -> None:
    for path, after in sorted(mended.after.items()):
        before = mended.before[path]
        lines = unified_diff(before.text.splitlines(keepends=True), after.text.splitlines(keepends=True), path, path)
        for line in lines:
            sys.stdout.write(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")


def write_fixes(folder: Path, mended: Mended) -> None:
    """Raises ConfigurationError where a file has changed since it was read, or cannot be written."""
    for path, after in sorted(mended.after.items()):
        _write(folder / path, mended.before[path], after)


def told_fixes(mended: Mended) -> str:
    count, files = sum(mended.fixes.values()), len(mended.after)
    return told(
        say("mended {count} {count:place|places} in {files} {files:file|files}", count=f"{count:,}", files=f"{files:,}")
    )


def _write(path: Path, before: Source, after: Source) -> None:
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigurationError(say("{path} cannot be read: {reason}", path=path, reason=reason)) from None
    mark = "\ufeff" if content.startswith(BOM) else ""
    if content.removeprefix(BOM) != before.text.encode():
        raise ConfigurationError(say("{path} has changed in the meantime: check again", path=path))
    replace_text(path, mark + after.text)
