"""Amounts of money as people write them."""

from __future__ import annotations

import re

from dsl.currencies import CURRENCIES
from dsl.diagnostics import Edit
from dsl.messages import say
from dsl.recovery.failure import Failure
from dsl.recovery.finding import Finding, replaced
from dsl.source import Span
from dsl.words import ALL_WORDS, is_unit

_AMOUNT = re.compile(r"(-?\d+(?:\.\d+)?)[ \t\u00a0]*([^\W\d_]+)(\.?)")
_NAMES = {
    "EUR": r"euros?|евро",
    "USD": r"dollars?|bucks|доллар(?:а|ов)?",
    "GBP": r"pounds?|фунт(?:а|ов)?",
    "RUB": r"р|руб|рубл(?:ь|я|ей)|rubles?|roubles?",
    "KZT": r"тг|тенге",
    "UAH": r"грн|грив(?:на|ны|ен)",
}


def currency_elsewhere(failure: Failure) -> Finding | None:
    """`100 eur`, `100 euro`, `1500 руб.`: seen at the word when the number could be read alone."""
    if failure.at_end:
        return None
    alone = failure.type_before() in ("INT", "NUMBER")
    match = _AMOUNT.match(failure.text, (failure.tokens[-1].start_pos or 0) if alone else failure.position)
    code = _code(match[2]) if match else None
    if match is None or code is None:
        return None
    dotted = bool(match[3]) and match[2].lower() in ("р", "руб", "тг", "грн")
    span = Span(match.start(2), match.end() if dotted else match.end(2))
    meant = code if match.start(2) > match.end(1) else f" {code}"
    changed = failure.text[: span.start] + meant + failure.text[span.end :]
    if failure.reaches(changed) <= span.start + len(meant):
        return None
    return Finding(
        code="E111",
        message=say("a currency is written as its code: {match} {code}", match=match[1], code=code),
        where=span,
        fixes=(replaced(span, meant, safe=True, title=f"{match[1]} {code}"),),
        repair=Edit(span, meant),
    )


def _code(word: str) -> str | None:
    if word in CURRENCIES or word.lower() in ALL_WORDS or is_unit(word):
        return None
    if word.upper() in CURRENCIES:
        return word.upper()
    return next((code for code, names in _NAMES.items() if re.fullmatch(names, word, re.IGNORECASE)), None)
