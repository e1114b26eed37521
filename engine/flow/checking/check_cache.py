"""What the last check of a workspace found, so that the next one reads only what has changed.

Two JSON files for each workspace in the user's own cache directory; they can be deleted at any time. One holds
the whole answer, for when nothing has changed; the other what is known of each file. A file's findings are
used again when its text, the texts that it sees by `use`, everything beside the rules, the day and this program are the
same. Files with mistakes are not kept: what is told of them may hang on others.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dsl.diagnostics import Diagnostic
from dsl.grammar import cache_directory
from dsl.lints.outline import FileOutline
from dsl.source import Source
from engine.flow.checking.findings_json import finding_as_json, finding_from_json
from engine.flow.checking.outline_json import outline_as_json, outline_from_json

FORMAT = 1
MOST_FILES = 80


@dataclass(frozen=True, slots=True)
class Known:
    """Of one rule file: what was found in it, but for comparisons with other files."""

    found: tuple[Diagnostic, ...]
    outline: FileOutline
    stored: list[Any] | None = field(default=None, compare=False)  # as it lies in the cache, not to be made again


@dataclass(frozen=True, slots=True)
class Remembered:
    """By path: the rule files that need not be read again, and the rule files that each test file plays."""

    files: dict[str, Known] = field(default_factory=dict)
    tests: dict[str, tuple[str, ...]] = field(default_factory=dict)


def base_of(parts: Iterable[str]) -> str:
    """The fingerprint of everything that all files depend on."""
    digest = hashlib.sha256(program().encode())
    for part in parts:
        digest.update(f"{len(part)}\0".encode() + part.encode(errors="surrogatepass"))
    return digest.hexdigest()


def recall(folder: Path, base: str, rules: Sequence[Source], tests: Sequence[Source]) -> Remembered:
    """Nothing when there is nothing, or when it cannot be read: then everything is checked again."""
    stored = _read(_path(folder, "files"))
    if stored.get("format") != FORMAT or stored.get("base") != base:
        return Remembered()
    hashes = {source.path: _hash(source.text) for source in (*rules, *tests)}
    sources = {source.path: source for source in rules}
    with suppress(KeyError, TypeError, ValueError, AttributeError):
        files = dict(_unchanged(stored["files"], hashes, sources))
        played = {
            path: tuple(paths) for path, (written, paths) in stored["tests"].items() if hashes.get(path) == written
        }
        return Remembered(files, played)
    return Remembered()


def recall_all(folder: Path, key: str, sources: Mapping[str, Source]) -> tuple[list[Diagnostic], dict[str, int]] | None:
    """Everything found, and the number of rules by file, when nothing at all has changed."""
    stored = _read(_path(folder, "all"))
    if stored.get("format") != FORMAT or stored.get("key") != key:
        return None
    with suppress(KeyError, TypeError, ValueError, AttributeError):
        return [finding_from_json(each, sources) for each in stored["found"]], dict(stored["rules"])
    return None


def remember_all(folder: Path, key: str, found: Sequence[Diagnostic], rules: Mapping[str, int]) -> None:
    if path := _path(folder, "all"):
        _write(path, {"format": FORMAT, "key": key, "found": [finding_as_json(each) for each in found], "rules": rules})


def key_of(base: str, sources: Iterable[Source]) -> str:
    return base_of([base, *(part for source in sources for part in (source.path, source.text))])


def remember(
    folder: Path, base: str, known: Mapping[str, Known], sees: Mapping[str, frozenset[str]], *,
    rules: Sequence[Source], tests: Mapping[str, tuple[str, ...]], test_sources: Sequence[Source],
) -> None:  # fmt: skip
    """`sees`: by path, the files whose definitions it can mention."""
    path = _path(folder, "files")
    if path is None:
        return
    hashes = {source.path: _hash(source.text) for source in (*rules, *test_sources)}
    files = {
        name: each.stored
        or [
            hashes[name],
            {other: hashes[other] for other in sorted(sees[name])},
            [finding_as_json(each) for each in each.found],
            outline_as_json(each.outline),
        ]
        for name, each in known.items()
    }
    played = {name: [hashes[name], paths] for name, paths in tests.items()}
    _write(path, {"format": FORMAT, "base": base, "files": files, "tests": played})


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


def _unchanged(
    stored: Mapping[str, Any], hashes: Mapping[str, str], sources: Mapping[str, Source]
) -> Iterator[tuple[str, Known]]:
    for path, entry in stored.items():
        written, seen, found, outline = entry
        if hashes.get(path) == written and all(hashes.get(other) == each for other, each in seen.items()):
            diagnostics = tuple(finding_from_json(each, sources) for each in found)
            yield path, Known(diagnostics, outline_from_json(outline), entry)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]


def _path(folder: Path, what: str) -> Path | None:
    directory = cache_directory()
    if directory is None:
        return None
    name = hashlib.sha256(str(folder.resolve()).encode(errors="surrogatepass")).hexdigest()[:24]
    return directory / "checks" / f"{name}.{what}.json"


def _read(path: Path | None) -> dict[str, Any]:
    with suppress(OSError, ValueError, RecursionError):
        read = json.loads(path.read_bytes()) if path else {}
        return read if isinstance(read, dict) else {}
    return {}


def _write(path: Path, content: dict[str, Any]) -> None:
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
