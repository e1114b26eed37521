"""Rule files on disk: which there are, their texts, and how one is replaced."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from dsl.messages import say
from engine.errors import ConfigurationError

SUFFIX = ".rules"


def rule_files(paths: Sequence[Path]) -> list[Path]:
    """The files among the paths and in the folders among them, each once, in the order in which they are named.

    Names that begin with a dot and links to folders are left out of folders. Raises ConfigurationError for a path
    that does not exist or is something else.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        for file in _files(path):
            found.setdefault(Path(os.path.realpath(file)), file)
    return list(found.values())


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from _files_of_folder(path)
    elif path.is_file() and path.suffix == SUFFIX:
        yield path
    elif path.exists():
        raise ConfigurationError(
            say("{path} is not a rule file: their names end in {SUFFIX}", path=path, SUFFIX=SUFFIX)
        )
    else:
        raise ConfigurationError(say("{path} does not exist", path=path))


def _files_of_folder(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = Path(here, name)
            if name.endswith(SUFFIX) and not name.startswith(".") and file.is_file():
                yield file


def read_text(path: Path) -> str:
    """With its line breaks as they are. Raises ConfigurationError when it cannot be read."""
    try:
        return decode(path.read_bytes(), str(path))
    except OSError as error:
        raise ConfigurationError(
            say("{path} cannot be read: {reason}", path=path, reason=error.strerror or error)
        ) from None


def decode(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(
            say("{name} is not a UTF-8 text (line {line}); save it as UTF-8", name=name, line=line)
        ) from None


def replace_text(path: Path, text: str) -> None:
    """The whole new text or, whatever happens, the old one. Keeps permissions and owner; writes through links.

    Raises ConfigurationError when the file cannot be written.
    """
    target = Path(os.path.realpath(path))
    try:
        if not os.access(target, os.W_OK):
            raise PermissionError(None, say("no permission to write it"))
        _swap(target, text.encode())
    except OSError as error:
        raise ConfigurationError(
            say("{path} cannot be written: {reason}", path=path, reason=error.strerror or error)
        ) from None


def _swap(target: Path, content: bytes) -> None:
    before = target.stat()
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            with suppress(PermissionError):  # only root may give files away
                os.chown(name, before.st_uid, before.st_gid)
            os.chmod(name, before.st_mode & 0o7777)
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(name)
        raise
