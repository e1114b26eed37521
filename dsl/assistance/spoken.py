"""The language that a file's keywords are written in, also while its first word is being written."""

from __future__ import annotations

import re
from functools import lru_cache

from dsl.assistance.view import View
from dsl.formatting.words import Language
from dsl.keywords import ENGLISH, RUSSIAN
from dsl.words import ITEMS

_HEADER = re.compile(r"^[ \t]*#\s*language\s*:\s*(en|ru)", re.IGNORECASE | re.MULTILINE)


def _beginnings(words: dict[str, tuple[str, ...]]) -> re.Pattern[str]:
    forms = [form for terminal in (*ITEMS, "TEST") for form in words[terminal]]
    return re.compile(rf"^[ \t]*(?:{'|'.join(forms)})\b", re.IGNORECASE | re.MULTILINE)


_ENGLISH, _RUSSIAN = _beginnings(ENGLISH), _beginnings(RUSSIAN)


def spoken_language(text: str, view: View | None = None) -> Language:
    """By its header, then by its items, then by the rest of the workspace."""
    own = _spoken_by(text)
    if own is not None or view is None:
        return own or "en"
    spoken = [_spoken_by(each.source.text) for each in view.documents()]
    return "ru" if spoken.count("ru") > spoken.count("en") else "en"


@lru_cache(maxsize=1024)
def _spoken_by(text: str) -> Language | None:
    """None: by its words alone nobody can tell."""
    if header := _HEADER.search(text):
        return "ru" if header[1].lower() == "ru" else "en"
    russian, english = len(_RUSSIAN.findall(text)), len(_ENGLISH.findall(text))
    return None if russian == english else "ru" if russian > english else "en"
