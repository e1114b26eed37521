"""What the last check of a workspace told, for when nothing at all has changed since: then nothing that reads rules is
even loaded. Also where that is kept; `check_cache` keeps what is known of each file beside it."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dsl.cache_directory import cache_directory
from dsl.diagnostics import Diagnostic
from dsl.source import Source
from engine.flow.checking.findings_json import finding_as_json, finding_from_json

FORMAT = 1
MOST_FILES = 80


def base_of(parts: Iterable[str]) -> str:
    """The fingerprint of everything that all files depend on."""
    digest = hashlib.sha256(program().encode())
    for part in parts:
        digest.update(f"{len(part)}\0".encode() + part.encode(errors="surrogatepass"))
    return digest.hexdigest()


def key_of(base: str, sources: Iterable[Source]) -> str:
    return base_of([base, *(part for source in sources for part in (source.path, source.text))])


def recall_all(folder: Path, key: str, sources: Mapping[str, Source]) -> tuple[list[Diagnostic], dict[str, int]] | None:
    """Everything found, and the number of rules by file, when nothing at all has changed."""
    stored = read_answer(place_of(folder, "all"))
    if stored.get("format") != FORMAT or stored.get("key") != key:
        return None
    with suppress(KeyError, TypeError, ValueError, AttributeError):
        return [finding_from_json(each, sources) for each in stored["found"]], dict(stored["rules"])
    return None


def remember_all(folder: Path, key: str, found: Sequence[Diagnostic], rules: Mapping[str, int]) -> None:
    if path := place_of(folder, "all"):
        write_answer(
            path, {"format": FORMAT, "key": key, "found": [finding_as_json(each) for each in found], "rules": rules}
        )


@cache
def program() -> str:
    """This version of the program: of an installed one its number, and the sources as they lie here."""
    root = Path(__file__).resolve().parents[3]
    facts = sorted(
        f"{entry.path} {(status := entry.stat()).st_mtime_ns} {status.st_size}"
        for package in ("dsl", "engine")
        for entry in _entries(root / package)
    )
    return "\n".join([version("kogda"), *facts])


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as found:
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                if entry.name != "__pycache__":
                    yield from _entries(Path(entry.path))
            elif entry.name.endswith((".py", ".lark", ".yaml")):
                yield entry


def place_of(folder: Path, what: str) -> Path | None:
    directory = cache_directory()
    if directory is None:
        return None
    name = hashlib.sha256(str(folder.resolve()).encode(errors="surrogatepass")).hexdigest()[:24]
    return directory / "checks" / f"{name}.{what}.json"


def read_answer(path: Path | None) -> dict[str, Any]:
    with suppress(OSError, ValueError, RecursionError):
        read = json.loads(path.read_bytes()) if path else {}
        return read if isinstance(read, dict) else {}
    return {}


def write_answer(path: Path, content: dict[str, Any]) -> None:
    """Whole or not at all; that it cannot be written is no reason not to check."""
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogatepass") as file:
                file.write(json.dumps(content, ensure_ascii=False, separators=(",", ":")))
            os.replace(name, path)
        except OSError:
            os.unlink(name)
            raise
        _forget_oldest(path.parent)


def _forget_oldest(directory: Path) -> None:
    kept = sorted(directory.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in kept[MOST_FILES:]:
        path.unlink(missing_ok=True)
