"""Filters of single texts and numbers."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from jinja2 import Undefined
from markupsafe import Markup, escape

from engine.rendering.budget import MAX_TEXT, BudgetExceeded, current_budget
from engine.rendering.values import as_number, as_text


def default(value: Any, instead: Any = "", _boolean: bool = True) -> Any:
    """Takes the place of what is missing, null or an empty text. 0 and no are values."""
    return instead if isinstance(value, Undefined) or value is None or value == "" else value


def upper(value: Any) -> str:
    return _paid(value).upper()


def lower(value: Any) -> str:
    return _paid(value).lower()


def capitalize(value: Any) -> str:
    return _paid(value).capitalize()


def title(value: Any) -> str:
    return _paid(value).title()


def trim(value: Any) -> str:
    return _paid(value).strip()


def truncate(value: Any, length: Any = 255, end: str = "…") -> str:
    """Cut at a word where there is one; at most `length` characters with the ending."""
    text, length = _plain(value), int(as_number(length))
    if len(text) <= length:
        return text
    cut = text[: max(length - len(end), 0)]
    return (cut.rsplit(None, 1)[0] if " " in cut else cut).rstrip(" ,.;:") + end


def replace(value: Any, old: Any, new: Any) -> str:
    text, old, new = _paid(value), as_text(old), as_text(new)
    found = text.count(old)
    # Safe texts escape what is put in, which makes it up to six times as long.
    size = len(text) + found * len(new) * (6 if isinstance(text, Markup) else 1)
    if size > MAX_TEXT:
        raise BudgetExceeded(f"a text longer than {MAX_TEXT:,} characters")
    current_budget().charge(size)
    return text.replace(old, new)


def escaped(value: Any) -> Markup:
    return escape(_paid(value))


def string(value: Any) -> str:
    return _paid(value)


def urlencode(value: Any) -> str:
    text = _plain(value)
    current_budget().charge(len(text) * 12)
    return quote(text, safe="")


def nl2br(value: Any) -> Markup:
    text = escape(_paid(value))
    current_budget().charge(len(text) * 5)
    return Markup(str(text).replace("\r\n", "\n").replace("\n", "<br>\n"))


def to_int(value: Any, instead: int = 0) -> Any:
    try:
        return int(as_number(value))
    except (ValueError, OverflowError, ArithmeticError):
        return instead


def to_float(value: Any, instead: float = 0.0) -> Any:
    try:
        return float(as_number(value))
    except (ValueError, OverflowError, ArithmeticError):
        return instead


def rounded(value: Any, digits: Any = 0) -> Any:
    places = int(as_number(digits))
    result = round(as_number(value), max(min(places, 12), 0))
    return int(result) if places <= 0 else result


def absolute(value: Any) -> Any:
    return abs(as_number(value))


def _paid(value: Any) -> str:
    text = as_text(value)
    current_budget().charge(len(text))
    return text


def _plain(value: Any) -> str:
    """Without the mark of a safe text: cutting one could leave half an entity, so it is escaped again later."""
    text = _paid(value)
    return str(text.unescape()) if isinstance(text, Markup) else text
