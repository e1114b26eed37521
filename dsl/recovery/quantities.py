"""Numbers, lengths of time, dates and times written in ways that people use elsewhere."""

from __future__ import annotations

import re
from datetime import date

from dsl.diagnostics import Edit
from dsl.keywords import UNITS
from dsl.messages import Language, say
from dsl.recovery.failure import Failure
from dsl.recovery.finding import Finding, replaced, rewritten, speaks_russian, with_blanks
from dsl.source import Span
from dsl.suggestions import nearest
from dsl.words import is_unit

_NUMBER_WORDS = {
    word: number
    for number, words in enumerate(
        (
            "one a an один одну одна", "two два две", "three три", "four четыре", "five пять", "six шесть",
            "seven семь", "eight восемь", "nine девять", "ten десять", "eleven одиннадцать", "twelve двенадцать",
        ),
        1,
    )
    for word in words.split()
}  # fmt: skip

#: Short forms of other notations.
_SHORT_UNITS = {
    "hr": "hour", "hrs": "hours", "mn": "min", "wk": "week", "wks": "weeks", "mo": "months", "mos": "months",
    "mth": "months", "mths": "months", "yr": "year", "yrs": "years", "сут": "дня", "суток": "дня", "сутки": "день",
    "нед": "недели", "мес": "месяца",
}  # fmt: skip
_AMBIGUOUS = re.compile(r"(\d+)[ \t\u00a0]*[mм]\b", re.IGNORECASE)
_COMPOUND = re.compile(r"(\d+)[ \t\u00a0]*([^\W\d]+)[ \t\u00a0]*(?:and[ \t]+|и[ \t]+)?(\d+)[ \t\u00a0]*([^\W\d]+)")
_WITH_UNIT = re.compile(r"(\d+)[ \t\u00a0]*([^\W\d]+)")
_GROUPED = re.compile(r"\d{1,3}(?:[ \u00a0\u202f,_'’]\d{3})+(?![\d])")
#: `1.000.000`, `1.000,50`; and `1.000` where only a whole number can stand.
_GROUPED_BY_POINTS = re.compile(r"\d{1,3}(?:(?:\.\d{3})+,\d{1,2}|(?:\.\d{3}){2,})(?!\d)")
_ONE_GROUP = re.compile(r"[1-9]\d{0,2}\.\d{3}(?![\d.,])")
_COMMA = re.compile(r"\d+,\d{1,2}(?!\d)")
_DATE = re.compile(r"(\d{1,4})([./-])(\d{1,2})[./-](\d{1,4})(?![\d])")
_CLOCK = re.compile(
    r"(\d{1,2})(?:[.:h](\d{2}))?[ \t]*([ap])\.?m\b\.?|(\d{1,2})[.h-](\d{2})\b|(\d{1,2})\b", re.IGNORECASE
)
_SECONDS = {"second": 1, "minute": 60, "hour": 3600}


def ambiguous_minutes(failure: Failure) -> Finding | None:
    match = pattern_at(failure, _AMBIGUOUS, "DURATION")
    if match is None:
        return None
    span, amount = Span(*match.span()), match[1]
    language: Language = "ru" if speaks_russian(failure) else "en"
    ways = (f"{amount} {'мин' if language == 'ru' else 'min'}", say("{n} {n:month|months}", n=amount).text(language))
    return Finding(
        code="E104",
        message=say(
            '"{match}" could be {amount} {amount:minute|minutes} or {amount} {amount:month|months}',
            match=match[0],
            amount=amount,
        ),
        where=span,
        fixes=tuple(replaced(span, way, title=way) for way in ways),
        repair=Edit(span, ways[0]),
        faithful=False,
    )


def compound_duration(failure: Failure) -> Finding | None:
    """`1h30m`, `1 hour 30 min`: seen at its beginning, or at the second half when the first could be read alone."""
    match = pattern_at(failure, _COMPOUND, "DURATION")
    if match is None and failure.type_before() == "DURATION":
        match = _COMPOUND.match(failure.text, failure.tokens[-1].start_pos or 0)
    if match is None or not all(unit_of(word) for word in (match[2], match[4])):
        return None
    span = Span(*match.span())
    units = [unit_of(match[2]), unit_of(match[4])]
    total = sum(int(n) * _SECONDS.get(unit, 0) for n, unit in zip((match[1], match[3]), units, strict=True))
    exact = all(unit in _SECONDS for unit in units)
    text = f"{total // 60} min" if total % 60 == 0 else f"{total}s"
    return Finding(
        code="E112",
        message=say("a length of time is one number and one unit"),
        where=span,
        fixes=(replaced(span, text, safe=True, title=text),) if exact else (),
        repair=Edit(span, text) if exact else Edit(span, f"{match[1]} {match[2]}"),
        faithful=exact,
    )


def unit_of(word: str) -> str:
    return "minute" if word.lower() in ("m", "м") else UNITS.get(word.lower(), "")


def number_in_words(failure: Failure) -> Finding | None:
    """`after one hour`, `after an hour`, `after hour`, `at most two messages`."""
    span, word = failure.piece, failure.word
    if is_unit(word) and failure.before is not None and failure.before.lower() in _NUMBER_WORDS:
        span = Span(failure.before.start_pos or 0, span.end)
        return _in_digits(span, failure.text)
    if is_unit(word) and "DURATION" in failure.expected:
        return _in_digits(span, f"1 {word}")
    is_number = word.lower() in _NUMBER_WORDS and failure.text[span.end : span.end + 1] != "/"
    if not is_number or not failure.expected & {"DURATION", "INT"}:
        return None
    following = _WITH_UNIT.match("0" + failure.text[span.end : span.end + 40])
    if "DURATION" in failure.expected and following and is_unit(following[2]):
        return _in_digits(Span(span.start, span.end + following.end() - 1), failure.text)
    return _in_digits(span, failure.text) if "INT" in failure.expected else None


def _in_digits(span: Span, text: str) -> Finding:
    written = text[span.start : span.end] if len(text) >= span.end else text
    first, _, rest = written.partition(" ")
    number = _NUMBER_WORDS.get(first.lower())
    digits = f"{number} {rest}".strip() if number else written if written[0].isdigit() else f"1 {written}"
    return Finding(
        code="E108",
        message=say("numbers are written in digits"),
        where=span,
        fixes=(replaced(span, digits, safe=True),),
        repair=Edit(span, digits),
    )


def unknown_unit(failure: Failure) -> Finding | None:
    """`5 dyas`."""
    match = pattern_at(failure, _WITH_UNIT, "DURATION")
    if match is None or is_unit(match[2]):
        return None
    short = _SHORT_UNITS.get(match[2].lower())
    similar = [short] if short else nearest(match[2], [unit for unit in UNITS if len(unit) > 2])
    if not similar:
        return None
    span = Span(match.start(2), match.end(2))
    meant = with_blanks(failure.text, span, similar[0])
    return Finding(
        code="E101",
        message=say('I do not know the unit "{match}"', match=match[2]),
        where=span,
        fixes=(replaced(span, meant, safe=len(similar) == 1, title=say('replace with "{text}"', text=similar[0])),),
        repair=Edit(span, meant),
    )


def number_with_points(failure: Failure) -> Finding | None:
    """`1.000.000`, `1.000,50`, `add 1.000 points`."""
    pattern = _ONE_GROUP if failure.type_before() == "INT" else _GROUPED_BY_POINTS
    matches = (pattern.match(failure.text, start) for start in _starts(failure))
    match = next((match for match in matches if match and match.end() > failure.position), None)
    if match is None:
        return None
    plain = match[0].replace(".", "").replace(",", ".")
    return rewritten("E112", say("numbers are written without separators"), Span(*match.span()), plain)


def number_elsewhere(failure: Failure) -> Finding | None:
    """`1 500 RUB`, `1,500`, `1,5`, `1_500`."""
    for start in _starts(failure):
        grouped, comma = _GROUPED.match(failure.text, start), _COMMA.match(failure.text, start)
        match = grouped or comma
        if match is None or (failure.before is not None and match.end() <= (failure.before.start_pos or 0)):
            continue
        plain = re.sub(r"\D", "", match[0]) if grouped else match[0].replace(",", ".")
        span = Span(*match.span())
        how = say("numbers are written without separators") if grouped else say("the decimal sign is a point")
        # `1,500` is fifteen hundred in London and one and a half in Moscow.
        return Finding(
            code="E112",
            message=how,
            where=span,
            fixes=(replaced(span, plain, safe="," not in match[0] or not grouped, title=plain),),
            repair=Edit(span, plain),
        )
    return None


def date_elsewhere(failure: Failure) -> Finding | None:
    """`31.12.2026`, `12/31/2026`, `2026.12.31`."""
    for start in _starts(failure):
        match = _DATE.match(failure.text, start)
        if match is None or match.end() <= failure.position:
            continue
        span, ways = Span(*match.span()), _readings(match)
        if not ways or match[0] in ways:  # right as it stands
            continue
        return Finding(
            code="E120",
            message=say("dates are written year-month-day"),
            where=span,
            fixes=tuple(replaced(span, way, safe=len(ways) == 1, title=way) for way in ways),
            repair=Edit(span, ways[0]),
            faithful=len(ways) == 1,
        )
    return None


def _readings(match: re.Match[str]) -> list[str]:
    first, middle, last = int(match[1]), int(match[3]), int(match[4])
    if len(match[1]) == 4:
        orders = [(first, middle, last)]
    else:
        year = last + 2000 if last < 100 else last
        # With points the day comes first everywhere; with strokes it depends on the country.
        orders = [(year, middle, first)] + ([(year, first, middle)] if match[2] == "/" else [])
    return [day for order in dict.fromkeys(orders) if (day := iso_date(*order))]


def iso_date(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def time_elsewhere(failure: Failure) -> Finding | None:
    """`at 9`, `at 9.30`, `at 9 pm`."""
    match = pattern_at(failure, _CLOCK, "TIME")
    if match is None or failure.expected & {"INT"}:
        return None
    hour, minute = int(match[1] or match[4] or match[6]), int(match[2] or match[5] or 0)
    if match[3]:
        hour = hour % 12 + (12 if match[3].lower() == "p" else 0)
    if hour > 23 or minute > 59:
        return None
    span, text = Span(*match.span()), f"{hour}:{minute:02}"
    return Finding(
        code="E120",
        message=say("times are written hours:minutes, from 0:00 to 23:59"),
        where=span,
        fixes=(replaced(span, text, safe=True, title=text),),
        repair=Edit(span, text),
    )


def pattern_at(failure: Failure, pattern: re.Pattern[str], terminal: str) -> re.Match[str] | None:
    """The pattern at the position, where the terminal could stand."""
    if failure.at_end or terminal not in failure.expected:
        return None
    return pattern.match(failure.text, failure.position)


def _starts(failure: Failure) -> list[int]:
    """The position, and the starts of the last two tokens: half a number may have been read already."""
    if failure.at_end:
        return []
    before = [token.start_pos or 0 for token in failure.tokens[-2:] if token[:1].isdigit() or token == ","]
    before += [(token.start_pos or 0) + 1 for token in failure.tokens[-1:] if token[:1] in "$€£"]
    return [*before, failure.position]
