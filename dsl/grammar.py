"""Lark's parser of grammar.lark, for texts with mistakes and for what an editor asks (dsl/quick_parse.py reads the
others): built once per process, kept between processes in a private directory."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from contextlib import suppress
from functools import cache
from io import BytesIO
from pathlib import Path
from threading import Lock

import lark
from lark import Lark

from dsl.cache_directory import cache_directory
from dsl.parse_table import GRAMMAR, KEYWORDS

_DIGEST = hashlib.sha256().digest_size
_building = Lock()


def parser() -> Lark:
    """The process's one parser. Parsing is safe from several threads."""
    with _building:
        return _parser()


@cache
def _parser() -> Lark:
    directory = cache_directory()
    if directory is None:
        return build()
    path = directory / f"grammar-{fingerprint()}.bin"
    return _load(path) or _build_and_save(path)


def build(*, strict: bool = False) -> Lark:
    """From the grammar's text. `strict` refuses every conflict and collision, and takes a second longer."""
    return Lark.open(
        str(GRAMMAR),
        parser="lalr",
        start=["file", "testfile"],
        maybe_placeholders=False,
        keep_all_tokens=True,
        strict=strict,
    )


def fingerprint() -> str:
    """Changes with the grammar, the words, Lark and Python: what was saved for another one is never loaded."""
    digest = hashlib.sha256(GRAMMAR.read_bytes() + KEYWORDS.read_bytes())
    digest.update(f"{lark.__version__} {sys.version_info[:3]}".encode())
    return digest.hexdigest()[:20]


def _load(path: Path) -> Lark | None:
    """None when there is no file, or when it is torn: then it is built again and replaced."""
    with suppress(OSError):
        content = path.read_bytes()
        digest, saved = content[:_DIGEST], content[_DIGEST:]
        if digest == hashlib.sha256(saved).digest():
            return Lark.load(BytesIO(saved))
    return None


def _build_and_save(path: Path) -> Lark:
    built = build()
    memory = BytesIO()
    built.save(memory)
    saved = memory.getvalue()
    with suppress(OSError), tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(hashlib.sha256(saved).digest() + saved)
        file.close()
        os.replace(file.name, path)  # whole or not at all, whoever else writes it now
    return built
