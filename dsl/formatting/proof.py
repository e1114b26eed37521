"""That a formatted file says what it said before: read again, and compared."""

from __future__ import annotations

from collections import Counter
from typing import Literal, TypeAlias

from dsl.diagnostics import Diagnostic, Severity
from dsl.formatting.comments import Margins
from dsl.formatting.file import Item
from dsl.formatting.header import language_of
from dsl.parser import parse_file, parse_tests
from dsl.source import Source

FileKind: TypeAlias = Literal["rules", "tests"]


class FormatterMistake(Exception):
    """The formatted text does not say what the file says. A mistake of Kogda: nothing must be written."""

    def __init__(self, path: str, what: str) -> None:
        super().__init__(f"{path}: formatting would change {what}; the file is left as it is. Please report this file")
        self.path = path


def read(source: Source, kind: FileKind) -> tuple[tuple[Item, ...], tuple[Diagnostic, ...]]:
    """The items, and the mistakes among what was found."""
    items: tuple[Item, ...]
    if kind == "tests":
        cases, found = parse_tests(source)
        items = cases.cases
    else:
        file, found = parse_file(source)
        items = file.items
    return items, tuple(each for each in found if each.severity is Severity.ERROR)


def prove_same(before: Source, items: tuple[Item, ...], after: Source, kind: FileKind) -> None:
    """Raises FormatterMistake when `after` holds other items than `before`, or other comments."""
    again, mistakes = read(after, kind)
    if mistakes or again != items:
        raise FormatterMistake(before.path, f"the meaning of what begins in line {_first_change(before, items, again)}")
    if _remarks(before.text) != _remarks(after.text):
        raise FormatterMistake(before.path, "its comments")


def _first_change(before: Source, items: tuple[Item, ...], again: tuple[Item, ...]) -> int:
    pairs = zip(items, again, strict=False)
    same = next((place for place, (old, new) in enumerate(pairs) if old != new), min(len(items), len(again)))
    return before.place(items[min(same, len(items) - 1)].span.start).line if items else 1


def _remarks(text: str) -> Counter[str]:
    comments = Margins(text).comments
    return Counter(comment.text for comment in comments if not language_of(comment))
