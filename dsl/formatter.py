"""`kogda fmt`: one style for rule files and test files, in the keywords of either language."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dsl.diagnostics import Diagnostic
from dsl.formatting.cases import case_lines
from dsl.formatting.comments import Margins
from dsl.formatting.file import write_file
from dsl.formatting.items import item_lines
from dsl.formatting.proof import FileKind, FormatterMistake, prove_same, read
from dsl.formatting.words import Language
from dsl.keywords import ENGLISH, RUSSIAN
from dsl.source import Source

__all__ = ["FileKind", "Formatted", "FormatterMistake", "Language", "format_source", "kind_of", "kind_of_text"]

_WORDS_OF_TESTS = [form for each in ("TODO", "TEST") for form in (*ENGLISH[each], *RUSSIAN[each])]
_TEST = re.compile(rf"(?:{'|'.join(_WORDS_OF_TESTS)})\b", re.IGNORECASE)
_LINE_BREAK = re.compile(r"\r+\n")


@dataclass(frozen=True, slots=True)
class Formatted:
    """`text` is None when the file has mistakes: then nothing is certain, and it stays as it is."""

    text: str | None
    mistakes: tuple[Diagnostic, ...] = ()


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
    items, mistakes = read(clean, kind)
    if mistakes:
        return Formatted(None, mistakes)
    lines = case_lines if kind == "tests" else item_lines
    text = write_file(clean.text, items, lines, language)
    if text != clean.text:
        prove_same(clean, items, Source(source.path, text), kind)
    return Formatted(text)
