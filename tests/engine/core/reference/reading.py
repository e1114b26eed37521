"""Raw JSON as the kinds of the language: a value, or None for unknown."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any


def read(kind: str, raw: Any, beside: Any, workspace_currency: str) -> Any:
    match kind:
        case "text":
            return raw if isinstance(raw, str) else None
        case "number":
            is_number = isinstance(raw, int | float) and not isinstance(raw, bool)
            return Fraction(raw) if is_number and raw == raw and abs(raw) != float("inf") else None
        case "flag":
            return raw if isinstance(raw, bool) else None
        case "date":
            return read_date(raw)
        case "moment":
            return read_moment(raw)
        case "money":
            return read_money(raw, beside, workspace_currency)
    return None


def read_date(raw: Any) -> date | None:
    if not isinstance(raw, str) or not re.match(r".{10}($|[Tt ])", raw, re.DOTALL):
        return None
    try:
        return date.fromisoformat(raw[:10])
    except ValueError:
        return None


def read_moment(raw: Any) -> datetime | None:
    try:
        parsed = datetime.fromisoformat(raw) if isinstance(raw, str) else None
    except ValueError:
        return None
    if parsed is None:
        return None
    parsed = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return parsed if datetime(1, 1, 3, tzinfo=UTC) <= parsed <= datetime(9999, 12, 29, tzinfo=UTC) else None


def read_money(raw: Any, beside: Any, workspace_currency: str) -> tuple[str, Fraction] | None:
    if isinstance(raw, dict):
        raw, beside = raw.get("amount"), raw.get("currency")
    currency: str | None = workspace_currency
    if isinstance(beside, str) and beside != "":
        currency = beside.upper() if len(beside) == 3 else None
    if isinstance(raw, str):
        written = re.fullmatch(r"([+-]?[0-9]{1,30}(?:[.,][0-9]{1,30})?)\s*([A-Za-z]{3})?", raw.strip())
        if not written:
            return None
        named = written[2].upper() if written[2] else currency
        return (named, Fraction(written[1].replace(",", "."))) if named is not None else None
    if (
        currency is None
        or isinstance(raw, bool)
        or not isinstance(raw, int | float)
        or raw != raw
        or abs(raw) == float("inf")
    ):
        return None
    return currency, Fraction(Decimal(repr(raw)))


def dig(bag: Any, name: str) -> Any:
    for part in name.split("."):
        bag = bag.get(part) if isinstance(bag, dict) else None
    return bag
