"""What the last check found in each file, so that the next one reads only what has changed.

Two JSON files for each workspace in the user's own cache directory; they can be deleted at any time. One holds
the whole answer, for when nothing has changed; the other what is known of each file. A file's findings are
used again when its text, the texts that it sees by `use`, everything beside the rules, the day and this program are the
same. Files with mistakes are not kept: what is told of them may hang on others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dsl.diagnostics import Diagnostic
from dsl.lints.outline import FileOutline
from dsl.source import Source
from engine.flow.checking.findings_json import finding_as_json, finding_from_json
from engine.flow.checking.last_answer import FORMAT, place_of, read_answer, write_answer
from engine.flow.checking.outline_json import outline_as_json, outline_from_json


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


def recall(folder: Path, base: str, rules: Sequence[Source], tests: Sequence[Source]) -> Remembered:
    """Nothing when there is nothing, or when it cannot be read: then everything is checked again."""
    stored = read_answer(place_of(folder, "files"))
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


def remember(
    folder: Path, base: str, known: Mapping[str, Known], sees: Mapping[str, frozenset[str]], *,
    rules: Sequence[Source], tests: Mapping[str, tuple[str, ...]], test_sources: Sequence[Source],
) -> None:  # fmt: skip
    """`sees`: by path, the files whose definitions it can mention."""
    path = place_of(folder, "files")
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
    write_answer(path, {"format": FORMAT, "base": base, "files": files, "tests": played})


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
