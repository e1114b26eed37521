"""Which files make up a workspace, and their texts. Nothing outside the folder is ever read."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dsl.diagnostics import Diagnostic, Label
from dsl.messages import say
from dsl.problems import Problems
from dsl.source import Source, Span

SETTINGS, SCHEMA = "kogda.yaml", "schema.yaml"
RULES, TEMPLATES = "rules", "templates"
RULE_SUFFIX, TEST_SUFFIX = ".rules", ".test.rules"
TEMPLATE_SUFFIXES = (".html", ".mjml", ".txt")
MOST_BYTES = 5_000_000

_RUSSIAN_WORD = re.compile("[а-яё]{3}", re.IGNORECASE)


@dataclass(slots=True)
class WorkspaceFiles:
    """Texts by what they are. What could not be read is missing here and reported in `found`."""

    settings: Source | None = None
    schema: Source | None = None
    rules: list[Source] = field(default_factory=list)  # by path
    tests: list[Source] = field(default_factory=list)
    templates: dict[str, str] = field(default_factory=dict)  # "email/cart.html" -> text
    found: list[Diagnostic] = field(default_factory=list)


def read_files(folder: Path) -> WorkspaceFiles:
    files = WorkspaceFiles()
    root = folder.resolve()
    files.settings = _read_required(root, SETTINGS, files.found)
    files.schema = _read_required(root, SCHEMA, files.found)
    for path in _walk(root, RULES, files.found):
        if path.endswith(RULE_SUFFIX) and (source := _read(root, path, files.found)):
            (files.tests if path.endswith(TEST_SUFFIX) else files.rules).append(source)
    for path in _walk(root, TEMPLATES, files.found):
        if path.endswith(TEMPLATE_SUFFIXES) and (source := _read(root, path, files.found)):
            files.templates[path.removeprefix(f"{TEMPLATES}/")] = source.text
    return files


def _read_required(root: Path, name: str, found: list[Diagnostic]) -> Source | None:
    if (root / name).exists() or (root / name).is_symlink():
        return _read(root, name, found)
    other = name.replace(".yaml", ".yml")
    notes = (
        [say("rename {other} to {name}", other=other, name=name)]
        if (root / other).exists()
        else [say("`kogda init DIR` makes a workspace")]
    )
    source = Source(name, "")
    Problems(source, found).error(
        "E501", say("there is no {name}", name=name), Label(Span(0, 0), say("a workspace needs it")), notes=notes
    )
    return None


def _walk(root: Path, folder: str, found: list[Diagnostic]) -> Iterator[str]:
    """Paths of files relative to the root, in alphabetical order; names that begin with a dot are left out."""

    def report(error: OSError) -> None:
        path = Path(error.filename).relative_to(root).as_posix() if error.filename else folder
        _report(path, "E502", say("{path} cannot be read", path=path), error.strerror or str(error), found)

    top = root / folder
    if top.is_symlink():
        _report_link(folder, found)
        return
    if not top.exists():
        return
    for here, folders, names in os.walk(top, onerror=report):
        relative = Path(here).relative_to(root).as_posix()
        for name in list(folders):
            if name.startswith("."):
                folders.remove(name)
            elif (Path(here) / name).is_symlink():
                _report_link(f"{relative}/{name}", found)
        folders.sort()
        yield from (f"{relative}/{name}" for name in sorted(names) if not name.startswith("."))


def _report_link(path: str, found: list[Diagnostic]) -> None:
    _report(
        path,
        "E515",
        say("{path} is a link to a folder", path=path),
        say("links to folders are not followed: copy the files"),
        found,
    )


def _report(path: str, code: str, message: str, label: str, found: list[Diagnostic]) -> None:
    Problems(Source(path, ""), found).error(code, message, Label(Span(0, 0), label))


def _read(root: Path, path: str, found: list[Diagnostic]) -> Source | None:
    full = root / path
    try:
        if not full.resolve().is_relative_to(root):
            _report(
                path,
                "E515",
                say("{path} leads out of the workspace", path=path),
                say("only files inside are read: copy it"),
                found,
            )
            return None
        status = full.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > MOST_BYTES:
            reason = say("larger than 5 MB") if stat.S_ISREG(status.st_mode) else say("this is not a file")
            _report(path, "E502", say("{path} cannot be read", path=path), reason, found)
            return None
        content = full.read_bytes()
    except OSError as error:
        _report(path, "E502", say("{path} cannot be read", path=path), error.strerror or str(error), found)
        return None
    return _decode(path, content, found)


def _as_windows_1251(content: bytes) -> str | None:
    """The text, when it looks like Russian words. Accents of other languages become Russian letters too, but alone."""
    try:
        text = content.decode("cp1251")
    except UnicodeDecodeError:
        return None
    is_text = all(char.isprintable() or char in "\r\n\t\xa0" for char in text)
    return text if is_text and _RUSSIAN_WORD.search(text) else None


def _decode(path: str, content: bytes, found: list[Diagnostic]) -> Source | None:
    try:
        return Source(path, content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        start = len(content[: error.start].decode("utf-8", errors="replace"))
        source = Source(path, content.decode("utf-8", errors="replace"))
        if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            label = say("saved as UTF-16")
        elif content[: error.start].isascii() and (russian := _as_windows_1251(content)) is not None:
            source, label = Source(path, russian), say("saved as Windows-1251")
            start = error.start
        else:
            label = say("this byte is no UTF-8")
        Problems(source, found).error(
            "E502",
            say("{path} is not a UTF-8 text", path=path),
            Label(Span(start, start + 1), label),
            notes=[say("save the file with the encoding UTF-8")],
        )
        return None


def asked_about(folder: Path, paths: Sequence[Path] | None) -> Callable[[str], bool]:
    """Whether a path, relative to the folder, is asked about; all are when none is named."""
    root = folder.resolve()
    named = [path.resolve().relative_to(root).as_posix() for path in paths] if paths else ["."]
    return lambda path: any(asked in (".", path) or path.startswith(f"{asked}/") for asked in named)
