"""Raw JSON values read as the kinds of the language. Whatever a client sent, nothing here raises: what does not fit
its kind is unknown.

An unknown number, day or moment is NaN, because every comparison with NaN is already what S16 asks for: false, save
`!=`. An unknown text or amount is None.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from dsl.plan import JSON

NAN = float("nan")
MICRO = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: An event's properties or a customer's attributes, where they are only read.
Values: TypeAlias = Mapping[str, JSON]

Number: TypeAlias = "int | float"

#: Currency and amount in millionths: exact, and an int for every amount of up to six decimals.
Amount: TypeAlias = "tuple[str, int | Fraction]"

_AMOUNT = re.compile(r"([+-]?)(\d{1,30})(?:[.,](\d{1,30}))?(?:\s*([A-Za-z]{3}))?", re.ASCII)
_EXACT_FLOATS = 2**53
_LARGEST_KEY = 10**30


def number(raw: object) -> Number:
    if type(raw) is int:
        return raw
    if type(raw) is float and raw - raw == 0.0:
        return raw
    return NAN


def text(raw: object) -> str | None:
    return raw if type(raw) is str else None


def lowered(raw: object) -> str | None:
    return raw.casefold() if type(raw) is str else None


def elements(raw: object) -> list[Any]:
    return raw if type(raw) is list else []


def dig(properties: Values, path: tuple[str, ...]) -> object:
    """The value under a dotted name; None when any part of the way is missing."""
    found: object = properties
    for part in path:
        if type(found) is not dict:
            return None
        found = found.get(part)
    return found


def money(raw: object, properties: Values, currency: str | None) -> Amount | None:
    """An amount in its own currency, else that of the `currency` beside it, else the workspace's."""
    if type(raw) is dict:
        properties, raw = raw, raw.get("amount")
    named = currency_beside(properties.get("currency"), currency)
    if type(raw) is str:
        return _written_money(raw, named)
    millionths = _millionths(raw)
    return None if named is None or millionths is None else (named, millionths)


def currency_beside(said: object, workspace: str | None) -> str | None:
    """Of a `currency` beside an amount. `"€"` names one, if none that we know: it is not the workspace's for that."""
    if type(said) is not str or not said:
        return workspace
    return said.upper() if len(said) == 3 else None


def in_currency(amount: Amount | None, currency: str | None) -> int | Fraction | float:
    return amount[1] if amount is not None and amount[0] == currency else NAN


def _written_money(written: str, currency: str | None) -> Amount | None:
    match = _AMOUNT.fullmatch(written.strip())
    if match is None:
        return None
    sign, whole, decimals, own = match.groups()
    named = own.upper() if own else currency
    if named is None:
        return None
    digits = decimals or ""
    if len(digits) <= 6:
        millionths: int | Fraction = int(sign + whole + digits.ljust(6, "0"))
    else:
        millionths = _narrow(Fraction(int(sign + whole + digits), 10 ** (len(digits) - 6)))
    return named, millionths


def _millionths(raw: object) -> int | Fraction | None:
    if type(raw) is int:
        return raw * MICRO
    if type(raw) is not float or raw - raw != 0.0:
        return None
    if abs(raw) * MICRO < _EXACT_FLOATS and (rounded := round(raw * MICRO)) / MICRO == raw:
        return rounded
    return _narrow(Fraction(Decimal(repr(raw))) * MICRO)


def _narrow(value: Fraction) -> int | Fraction:
    return value.numerator if value.denominator == 1 else value


def day(raw: object) -> Number:
    """The number of the day of an ISO date, or of the date part of an ISO date and time."""
    if type(raw) is not str or len(raw) < 10 or (len(raw) > 10 and raw[10] not in "Tt "):
        return NAN
    try:
        return date.fromisoformat(raw[:10]).toordinal()
    except ValueError:
        return NAN


def moment(raw: object) -> Number:
    """Microseconds since 1970 of an ISO date and time. Without an offset it is UTC.

    The first and last days of the calendar are unknown: in some zone they would fall out of it.
    """
    if type(raw) is not str or len(raw) > 40:
        return NAN
    try:
        read = micros(datetime.fromisoformat(raw))
    except (ValueError, OverflowError):
        return NAN
    return read if _FIRST_MOMENT <= read <= _LAST_MOMENT else NAN


def micros(at: datetime) -> int:
    since = (at if at.tzinfo is not None else at.replace(tzinfo=UTC)) - EPOCH
    return (since.days * 86_400 + since.seconds) * MICRO + since.microseconds


_FIRST_MOMENT = micros(datetime(1, 1, 3, tzinfo=UTC))
_LAST_MOMENT = micros(datetime(9999, 12, 29, tzinfo=UTC))


def key_text(raw: object) -> str:
    """A property's value as the key of a run: "the same cart". Empty when it cannot be one."""
    if type(raw) is str:
        return raw
    if type(raw) is bool or raw is None:
        return ""
    if (type(raw) is not int and type(raw) is not float) or not abs(raw) < _LARGEST_KEY:
        return ""
    return str(int(raw)) if raw == int(raw) else str(raw)
