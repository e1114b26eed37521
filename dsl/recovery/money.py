"""Amounts of money as people write them."""

from __future__ import annotations

import re

from dsl.currencies import CURRENCIES
from dsl.diagnostics import Edit
from dsl.messages import say
from dsl.recovery.failure import Failure
from dsl.recovery.finding import Finding, replaced, rewritten
from dsl.source import Span
from dsl.tree.values import SIGNS
from dsl.words import ALL_WORDS, is_unit

_AMOUNT = re.compile(r"(-?\d+(?:\.\d+)?)[ \t\u00a0]*([^\W\d_]+)(\.?)")
_BEFORE = re.compile(r"([$€£₽]|[^\W\d_]+)[ \t\u00a0]*(\d+(?:\.\d+)?)(?![\d.,]*\d)")
_PERCENT = ("percent", "pct", "процент", "процента", "процентов")
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


def currency_before_amount(failure: Failure) -> Finding | None:
    """`EUR 100`, where it was taken for a name; `$ 100`."""
    # The number may have been read too, as that of `3 times`.
    name = next((token for token in failure.tokens[-2:] if token.type == "NAME"), None)
    start = failure.position if name is None else name.start_pos or 0
    match = None if failure.at_end else _BEFORE.match(failure.text, start)
    code = match and (SIGNS.get(match[1]) or _code(match[1]) or (match[1] if match[1] in CURRENCIES else None))
    if match is None or code is None or failure.text[match.end() : failure.position].strip():
        return None
    meant = f"{match[2]} {code}"
    return rewritten(
        "E111", say("a currency stands behind its amount: {meant}", meant=meant), Span(*match.span()), meant
    )


def percent_in_words(failure: Failure) -> Finding | None:
    """`10 percent`: seen at the word, when the number has been read."""
    if failure.type_before() not in ("INT", "NUMBER") or failure.word.lower() not in _PERCENT:
        return None
    span = Span(failure.tokens[-1].start_pos or 0, failure.piece.end)
    return rewritten("E112", say("a percentage is written with its sign"), span, f"{failure.tokens[-1]}%")


def _code(word: str) -> str | None:
    if word in CURRENCIES or word.lower() in ALL_WORDS or is_unit(word):
        return None
    if word.upper() in CURRENCIES:
        return word.upper()
    return next((code for code, names in _NAMES.items() if re.fullmatch(names, word, re.IGNORECASE)), None)
