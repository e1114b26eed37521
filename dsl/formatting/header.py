"""The line that says in which language a file's keywords are written: `# language: ru`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

from dsl import syntax
from dsl.formatting.comments import Comment
from dsl.formatting.words import Language

_HEADER = re.compile(r"#\s*language\s*:\s*(en|ru)", re.IGNORECASE)
_RUSSIAN_LETTER = re.compile(r"[а-яё]", re.IGNORECASE)


def language_of(comment: Comment) -> Language | None:
    """What the comment says when it is a header."""
    found = _HEADER.fullmatch(comment.text) if comment.own_line else None
    return cast(Language, found[1].lower()) if found else None


def spoken(text: str, items: Sequence[syntax.Item | syntax.TestCase]) -> Language:
    """The language of a file without a header: the one in which most of its items begin."""
    russian = sum(bool(_RUSSIAN_LETTER.match(text, item.span.start)) for item in items)
    return "ru" if 2 * russian > len(items) else "en"


def header(language: Language) -> str:
    return f"# language: {language}"
