"""How an event changes what we know of a customer: `identify`, and what clients tell beside any event."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from dsl.plan import JSON
from engine.core import values
from engine.core.calendar import zone_named
from engine.core.delivery.consent import pressed, told
from engine.core.model import Customer

_NEVER = datetime.min.replace(tzinfo=UTC)
_TRUE, _FALSE = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})


def with_traits(
    customer: Customer, traits: Mapping[str, JSON], kinds: Mapping[str, str], *, at: datetime | None = None
) -> Customer:
    """The customer after an `identify`, at its time. None removes; a value that does not fit its kind changes
    nothing."""
    known: dict[str, Any] = {}
    attributes = dict(customer.attributes)
    for name, value in traits.items():
        if name == "consent":
            known["consent"] = _consent(customer, value, at)
            if at is not None and isinstance(value, dict):
                known["chosen"] = pressed(customer.chosen, value, at)
        elif name in _BUILT_IN:
            if value is None or (value := _BUILT_IN[name](value)) is not None:
                known[name] = value
        elif value is None:
            attributes.pop(name, None)
        elif name not in _RESERVED and (fitted := coerce(value, kinds.get(name, ""))) is not None:
            attributes[name] = fitted
    changed = replace(customer, attributes=attributes, **known)
    return customer if changed == customer else changed


def misfits_of(traits: Mapping[str, JSON], kinds: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Names of traits that change nothing because they do not fit, each with the kind that it should have."""
    for name, value in traits.items():
        if value is None or name == "consent" or name in _RESERVED:
            continue
        if name in _BUILT_IN:
            if _BUILT_IN[name](value) is None:
                yield name, _MEANT[name]
        elif coerce(value, kinds.get(name, "")) is None:
            yield name, kinds[name]


def with_context(customer: Customer, context: Mapping[str, JSON]) -> Customer:
    """Time zone and locale that a client sent beside an event fill in what nobody said yet."""
    zone, locale = context.get("timezone"), context.get("locale")
    if customer.timezone is None and zone is not None and _zone(zone):
        customer = replace(customer, timezone=_zone(zone))
    if customer.locale is None and locale is not None and _words(locale):
        customer = replace(customer, locale=_words(locale))
    return customer


def coerce(value: JSON, kind: str) -> JSON:
    """A trait as its kind in the schema, or None when it does not fit. Attributes without a kind are taken as sent."""
    if not kind:
        return value
    if kind.startswith("list of "):
        return value if isinstance(value, list) else None
    reader = _COERCE.get(kind)
    return reader(value) if reader else value


def _text(value: JSON) -> JSON:
    if isinstance(value, str):
        return value
    return values.key_text(value) or None


def _number(value: JSON) -> JSON:
    if isinstance(value, str) and len(value) <= 40:
        try:
            value = float(value) if any(mark in value for mark in ".eE") else int(value)
        except ValueError:
            return None
    read = values.number(value)
    return read if read == read else None


def _flag(value: JSON) -> JSON:
    if isinstance(value, bool):
        return value
    word = values.key_text(value).strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def _date(value: JSON) -> JSON:
    return value[:10] if isinstance(value, str) and values.day(value) == values.day(value) else None


def _moment(value: JSON) -> JSON:
    read = values.moment(value)
    return value if read == read else None


def _money(value: JSON) -> JSON:
    return value if values.money(value, {}, "XXX") is not None else None


_COERCE: dict[str, Callable[[JSON], JSON]] = {
    "text": _text, "number": _number, "percent": _number, "flag": _flag, "date": _date, "moment": _moment,
    "money": _money,
}  # fmt: skip


def _words(value: JSON) -> str | None:
    """A text that says something."""
    return value.strip() or None if isinstance(value, str) else None


def _phone(value: JSON) -> str | None:
    return str(value) if type(value) is int else _words(value)


def _zone(value: JSON) -> str | None:
    return value if isinstance(value, str) and zone_named(value) is not None else None


_BUILT_IN: dict[str, Callable[[JSON], str | None]] = {
    "email": _words, "phone": _phone, "timezone": _zone, "locale": _words,
}  # fmt: skip
_MEANT = {"email": "text", "phone": "text", "timezone": "time zone", "locale": "text"}
_RESERVED = frozenset({"id", "tags", "points"})


def _consent(customer: Customer, value: JSON, at: datetime | None) -> dict[str, bool]:
    """None takes back all that was said."""
    if value is None:
        value = dict.fromkeys(customer.consent)
    return told(customer.consent, customer.chosen if at else {}, value if isinstance(value, dict) else {}, at or _NEVER)
