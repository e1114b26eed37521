"""An invented customer and event, from the kinds of the schema: for previews, and to see how large a mail becomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from dsl.kinds import Kind

_ELEMENTS = 3  # of an invented list
_DAY, _MOMENT = "2026-03-14", "2026-03-14T09:30:00+00:00"

#: By language, texts for names of properties: the first word that is a part of the name.
_TEXTS: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (
        ("email", "anna@example.com"),
        ("phone", "+4915112345678"),
        ("url", "https://example.com/page"),
        ("link", "https://example.com/page"),
        ("image", "https://example.com/picture.png"),
        ("picture", "https://example.com/picture.png"),
        ("first_name", "Anna"),
        ("last_name", "Schneider"),
        ("city", "Berlin"),
        ("country", "Germany"),
        ("address", "12 Garden Street, Berlin"),
        ("currency", "EUR"),
        ("timezone", "Europe/Berlin"),
        ("locale", "en"),
        ("code", "SPRING-4F7K"),
        ("card", "•••• 4242"),
        ("carrier", "DHL"),
        ("_id", "1042"),
        ("id", "1042"),
        ("sku", "1042"),
        ("name", "A thing you like"),
        ("title", "A thing you like"),
    ),
    "ru": (
        ("first_name", "Анна"),
        ("last_name", "Смирнова"),
        ("phone", "+79161234567"),
        ("city", "Москва"),
        ("country", "Россия"),
        ("address", "Садовая улица, 12, Москва"),
        ("currency", "RUB"),
        ("timezone", "Europe/Moscow"),
        ("locale", "ru"),
        ("carrier", "СДЭК"),
        ("name", "Хорошая вещь"),
        ("title", "Хорошая вещь"),
    ),
}
#: What the name of a value says of its kind.
_GUESSES = (
    (("total", "price", "amount", "sum", "revenue"), "money"),
    (("quantity", "count", "number", "points", "score", "rating"), "number"),
    (("_at", "expires", "until", "deadline"), "moment"),
    (("date", "birthday", "_on"), "date"),
)
_ANY = {"en": "a few words", "ru": "несколько слов"}


def sample_values(kinds: Mapping[str, Kind], *, currency: str | None = None, locale: str = "en") -> dict[str, Any]:
    """A value for each name, whether it may be missing or not."""
    language = "ru" if locale.lower().startswith("ru") else "en"
    return {name: _value(name, kind, currency or "EUR", language) for name, kind in kinds.items()}


def sample_of_uses(
    paths: Iterable[tuple[str, ...]], *, currency: str | None = None, locale: str = "en"
) -> dict[str, Any]:
    """What a template reads, invented from the names alone: ("event", "items", "[]", "price") is an amount."""
    language = "ru" if locale.lower().startswith("ru") else "en"
    tree: dict[str, Any] = {}
    for path in paths:
        inner = tree
        for part in path:
            inner = inner.setdefault(part, {})
    return {name: _grown(name, inner, currency or "EUR", language) for name, inner in tree.items()}


def _grown(name: str, inner: dict[str, Any], currency: str, language: str) -> Any:
    if "[]" in inner:
        return [_grown(name, inner["[]"], currency, language) for _ in range(_ELEMENTS)]
    if inner:
        return {part: _grown(part, below, currency, language) for part, below in inner.items()}
    kind = next((kind for words, kind in _GUESSES if any(word in name.lower() for word in words)), "text")
    return _single(name, Kind(name=kind), currency, language)


def sample_promo(*, now: datetime) -> dict[str, Any]:
    return {"code": "SPRING-4F7K", "expires": (now + timedelta(days=2, hours=12)).isoformat(), "discount": "10%"}


def _value(name: str, kind: Kind, currency: str, language: str) -> Any:
    if kind.is_list:
        return [_single(name, kind, currency, language) for _ in range(_ELEMENTS)]
    return _single(name, kind, currency, language)


def _single(name: str, kind: Kind, currency: str, language: str) -> Any:
    if kind.name == "record":
        return {inner: _value(inner, each, currency, language) for inner, each in kind.fields.items()}
    if kind.values:
        return kind.values[0]
    plain: dict[str, Any] = {
        "number": 2,
        "flag": True,
        "date": _DAY,
        "moment": _MOMENT,
        "money": {"amount": "42.00", "currency": currency},
        "percent": "10%",
    }
    return plain.get(kind.name) or _text(name, language)


def _text(name: str, language: str) -> str:
    """`tracking_url` is a link, `order_id` a number, and what nothing is known of a few words."""
    lower = name.lower()
    for word, text in (*_TEXTS[language], *_TEXTS["en"]):
        if lower == word or (word in lower and len(word) > 2):
            return text
    return _ANY[language]
