"""`kogda fmt`: one style for rule files and test files, in the keywords of either language."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Literal, TypeAlias

from dsl.diagnostics import Diagnostic, Severity
from dsl.formatting.cases import case_lines
from dsl.formatting.comments import Margins
from dsl.formatting.file import Item, write_file
from dsl.formatting.header import language_of
from dsl.formatting.items import item_lines
from dsl.formatting.words import Language
from dsl.keywords import ENGLISH, RUSSIAN
from dsl.parser import parse_file, parse_tests
from dsl.source import Source

__all__ = ["FileKind", "Formatted", "FormatterMistake", "Language", "format_source", "kind_of", "kind_of_text"]

FileKind: TypeAlias = Literal["rules", "tests"]

_WORDS_OF_TESTS = [form for each in ("TODO", "TEST") for form in (*ENGLISH[each], *RUSSIAN[each])]
_TEST = re.compile(rf"(?:{'|'.join(_WORDS_OF_TESTS)})\b", re.IGNORECASE)
_LINE_BREAK = re.compile(r"\r+\n")


@dataclass(frozen=True, slots=True)
class Formatted:
    """`text` is None when the file has mistakes: then nothing is certain, and it stays as it is."""

    text: str | None
    mistakes: tuple[Diagnostic, ...] = ()


class FormatterMistake(Exception):
    """The formatted text does not say what the file says. A mistake of Kogda: nothing must be written."""

    def __init__(self, path: str, what: str) -> None:
        super().__init__(f"{path}: formatting would change {what}; the file is left as it is. Please report this file")
        self.path = path


def kind_of(path: str) -> FileKind:
    return "tests" if path.endswith(".test.rules") else "rules"


def kind_of_text(text: str) -> FileKind:
    """Of a text without a name: tests when it begins like one."""
    start = Margins(text).next_word(0)
    return "tests" if _TEST.match(text, start) else "rules"


def format_source(source: Source, kind: FileKind, *, language: Language | None = None) -> Formatted:
    """The file in the one style. `language` translates its keywords; None keeps the language of the file.

    Raises FormatterMistake rather than return a text that says something else or lacks a comment.
    """
    clean = Source(source.path, _LINE_BREAK.sub("\n", source.text.removeprefix("\ufeff")))
    items, mistakes = _parse(clean, kind)
    if mistakes:
        return Formatted(None, mistakes)
    lines = case_lines if kind == "tests" else item_lines
    text = write_file(clean.text, items, lines, language)
    if text != clean.text:
        _compare(clean, items, Source(source.path, text), kind)
    return Formatted(text)


def _parse(source: Source, kind: FileKind) -> tuple[tuple[Item, ...], tuple[Diagnostic, ...]]:
    items: tuple[Item, ...]
    if kind == "tests":
        cases, found = parse_tests(source)
        items = cases.cases
    else:
        file, found = parse_file(source)
        items = file.items
    return items, tuple(each for each in found if each.severity is Severity.ERROR)


def _compare(before: Source, items: tuple[Item, ...], after: Source, kind: FileKind) -> None:
    again, mistakes = _parse(after, kind)
    if mistakes or again != items:
        different = (old for old, new in zip(items, again, strict=False) if old != new)
        first = next(different, items[min(len(again), len(items) - 1)]) if items else None
        line = before.place(first.span.start).line if first else 1
        raise FormatterMistake(before.path, f"the meaning of what begins in line {line}")
    if _remarks(before.text) != _remarks(after.text):
        raise FormatterMistake(before.path, "its comments")


def _remarks(text: str) -> Counter[str]:
    comments = Margins(text).comments
    return Counter(comment.text for comment in comments if not language_of(comment))
