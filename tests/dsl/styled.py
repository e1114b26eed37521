"""Texts in the house style of rule files."""

from __future__ import annotations

from textwrap import dedent

from dsl.formatter import FileKind, Language, format_source
from dsl.source import Source


def formatted(text: str, kind: FileKind = "rules", language: Language | None = None) -> str:
    found = format_source(Source("x.rules", text), kind, language=language)
    assert found.text is not None, found.mistakes
    return found.text


def block(text: str) -> str:
    return dedent(text).lstrip("\n")
