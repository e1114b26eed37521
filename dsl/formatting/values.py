"""Quantities, texts and names."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from dsl import syntax
from dsl.formatting.words import Words

#: Opening quotes to what they close with, in the order of preference. There are no escapes inside.
QUOTES = {'"': '"', "«": "»", "“": "”", "„": "“"}


def quoted(text: str) -> str:
    """In the first quotes whose closing one does not stand in the text."""
    found = next(((opening, closing) for opening, closing in QUOTES.items() if closing not in text), None)
    opening, closing = found or ('"', '"')
    return f"{opening}{text}{closing}"


def number(value: Decimal) -> str:
    return format(value, "f")


def clock(time: syntax.ClockTime) -> str:
    return f"{time.value.hour}:{time.value.minute:02}"


def day(date: syntax.Date) -> str:
    return date.value.isoformat()


def path(words: Words, found: syntax.Path, *, genitive: bool = False) -> str:
    first, *others = found.parts
    return ".".join([_root(words, first.text, genitive=genitive), *(part.text for part in others)])


def _root(words: Words, name: str, *, genitive: bool) -> str:
    if name == "customer":
        return words("CUSTOMER", ru="клиента" if genitive else None)
    if name == "event":
        return words("EVENT", ru="события" if genitive else None)
    return name


def literal(words: Words, value: Any) -> str:
    """Any value that does not look into history."""
    match value:
        case syntax.Path():
            return path(words, value)
        case syntax.Text():
            return quoted(value.text)
        case syntax.Number():
            return number(value.value)
        case syntax.Money():
            return f"{number(value.amount)} {value.currency}"
        case syntax.Percent():
            return f"{number(value.value)}%"
        case syntax.Flag():
            return words("YES" if value.value else "NO")
        case syntax.Date():
            return day(value)
        case syntax.ClockTime():
            return clock(value)
        case syntax.Duration():
            return words.duration(value)
        case syntax.Placeholder():
            return f"<{value.column}>"
    raise TypeError(f"not a value: {value!r}")
