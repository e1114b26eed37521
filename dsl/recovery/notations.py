"""Dates in words, parts of an hour, ranges: what is clear to a person and not in the language."""

from __future__ import annotations

import re
from decimal import Decimal

from dsl.diagnostics import Edit
from dsl.keywords import MONTHS
from dsl.messages import say
from dsl.recovery.failure import Failure
from dsl.recovery.finding import Finding, replaced, speaks_russian
from dsl.recovery.quantities import iso_date, pattern_at, unit_of
from dsl.source import Span
from dsl.words import shown

_DATE_IN_WORDS = re.compile(
    r"(?:(\d{1,2})(?:st|nd|rd|th)?[ \t]+([^\W\d]+)\.?|([^\W\d]+)\.?[ \t]+(\d{1,2})(?:st|nd|rd|th)?),?[ \t]+(\d{4})\b"
)
_FRACTION = re.compile(r"(\d+[.,]\d{1,2})[ \t\u00a0]*([^\W\d]+)")
_SMALLER = {"minute": ("s", 60), "hour": (" min", 60), "day": ("h", 24)}
_THE_LAST = re.compile(r"in[ \t]+(?:the[ \t]+(?:last|past|previous)|past|previous)(?=[ \t]+\d)", re.IGNORECASE)
_UP_TO = ("-", "–", "—", "to", "till", ",", "до")


def date_in_words(failure: Failure) -> Finding | None:
    """`1 December 2026`, `Dec 1, 2026`, `1 декабря 2026`."""
    match = pattern_at(failure, _DATE_IN_WORDS, "DATE")
    month = _month(match[2] or match[3]) if match else None
    day = iso_date(int(match[5]), month, int(match[1] or match[4])) if match and month else None
    if match is None or day is None:
        return None
    return _rewritten("E120", say("dates are written year-month-day"), Span(*match.span()), day)


def _month(word: str) -> int | None:
    """`dec`, `december`, `дек`, `декабря`."""
    return next((month for name, month in MONTHS.items() if len(word) > 2 and name.startswith(word.lower())), None)


def parts_of_a_unit(failure: Failure) -> Finding | None:
    """`1.5 hours`, `1,5 часа`."""
    match = pattern_at(failure, _FRACTION, "DURATION")
    unit = unit_of(match[2]) if match else ""
    if match is None or unit not in _SMALLER:
        return None
    smaller, many = _SMALLER[unit]
    amount = Decimal(match[1].replace(",", ".")) * many
    if amount != amount.to_integral_value():
        return None
    text = f"{int(amount)}{smaller}"
    message = say("a length of time is a whole number and a unit")
    # A day is a day of the calendar, 24h are hours: nearly the same.
    return _rewritten("E112", message, Span(*match.span()), text, safe=unit != "day")


def range_of_numbers(failure: Failure) -> Finding | None:
    """`between 18 - 25`, `between 18 to 25`."""
    if failure.type_before(2) != "BETWEEN" or failure.word.lower() not in _UP_TO:
        return None
    span, word = failure.piece, shown("AND", russian=speaks_russian(failure))
    before = "" if failure.text[span.start - 1].isspace() else " "
    after = "" if failure.text[span.end : span.end + 1].isspace() else " "
    return _rewritten(
        "E105",
        say('here we write "{word}", not "{word2}"', word=word, word2=failure.word),
        span,
        f"{before}{word}{after}",
    )


def the_last_days(failure: Failure) -> Finding | None:
    """`in the last 3 days`, `in past 3 days`: seen when `in` and a name have been read."""
    before = failure.tokens[-2] if len(failure.tokens) > 1 else None
    match = _THE_LAST.match(failure.text, before.start_pos or 0) if before is not None and before.type == "IN" else None
    if match is None or match.end() < failure.position - 1:
        return None
    return _rewritten(
        "E101", say('here we write "in last", not "{match}"', match=match[0]), Span(*match.span()), "in last"
    )


def _rewritten(code: str, message: str, span: Span, text: str, *, safe: bool = True) -> Finding:
    title = say('replace with "{text}"', text=text.strip()) if code in ("E101", "E105") else text
    return Finding(
        code=code,
        message=message,
        where=span,
        fixes=(replaced(span, text, safe=safe, title=title),),
        repair=Edit(span, text),
    )
