"""The language that a file's keywords are written in, also while its first word is being written."""

from __future__ import annotations

import re

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
    if header := _HEADER.search(text):
        return "ru" if header[1].lower() == "ru" else "en"
    russian, english = len(_RUSSIAN.findall(text)), len(_ENGLISH.findall(text))
    if russian != english:
        return "ru" if russian > english else "en"
    headers = [_HEADER.search(each.source.text) for each in view.documents()] if view else []
    spoken = [header[1].lower() for header in headers if header]
    return "ru" if headers and spoken.count("ru") * 2 > len(headers) else "en"
