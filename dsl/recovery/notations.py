"""Dates in words, parts of an hour, ranges: what is clear to a person and not in the language."""

from __future__ import annotations

import re
from decimal import Decimal

from dsl.diagnostics import Edit
from dsl.keywords import WEEKDAYS
from dsl.messages import say
from dsl.recovery.days import DAY_AND_MONTH, MONTH_AND_DAY, month_name
from dsl.recovery.failure import Failure
from dsl.recovery.finding import Finding, left_out, replaced, rewritten, speaks_russian, with_blanks
from dsl.recovery.quantities import pattern_at, unit_of
from dsl.source import Span
from dsl.words import STEPS, one_of, shown

_SHORT_DAYS = {
    "пн": "понедельник", "вт": "вторник", "ср": "среду", "чт": "четверг", "пт": "пятницу", "сб": "субботу",
    "вс": "воскресенье",
}  # fmt: skip
_FRACTION = re.compile(r"(\d+[.,]\d{1,2})[ \t\u00a0]*([^\W\d]+)")
_SMALLER = {"minute": ("s", 60), "hour": (" min", 60), "day": ("h", 24)}
_THE_LAST = re.compile(r"in[ \t]+(?:the[ \t]+(?:last|past|previous)|past|previous)(?=[ \t]+\d)", re.IGNORECASE)
_LENGTHS = re.compile(
    r"(?:between[ \t]+|from[ \t]+|от[ \t]+)?(\d+)[ \t]*(?:-|–|—|to|or|and|до|или)[ \t]*(\d+)[ \t\u00a0]*([^\W\d]+)",
    re.IGNORECASE,
)
_UNTIL_DAY = re.compile(
    r"(?:(?:the[ \t]+)?(?:next|following|coming|this)|следующ(?:его|ей)|ближайш(?:его|ей))[ \t]+(?P<day>[^\W\d]+)"
    r"(?:(?:[ \t]+(?:at|в))?[ \t]+(?P<time>\d{1,2}:\d{2})\b)?",
    re.IGNORECASE,
)
_HALF = re.compile(
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?[ \t]*(?:час(?:ов|а)?[ \t]+)?"
    r"(?:(?P<late>p\.[ ]?m\.|pm\b|вечера\b)|a\.[ ]?m\.|am\b|утра\b)",
    re.IGNORECASE,
)
_UP_TO = ("-", "–", "—", "to", "till", ",", "до")


def short_weekday(failure: Failure) -> Finding | None:
    """`every mon at 9:00`, `wait until fri 10:00`, where it was taken for a name."""
    span = failure.piece
    if [failure.type_before(2), failure.type_before()] == ["UNTIL", "NAME"] and failure.word[:1].isdigit():
        span = Span(failure.tokens[-1].start_pos or 0, failure.tokens[-1].end_pos or 0)
    elif failure.at_end or "WEEKDAY" not in failure.expected:
        return None
    short = failure.text[span.start : span.end].lower()
    day = _SHORT_DAYS.get(short) or next((day for day in WEEKDAYS if len(short) > 2 and day.startswith(short)), None)
    if day is None or day == short:
        return None
    return rewritten("E101", say('I do not know the word "{word}"', word=short), span, day)


def day_of_the_year(failure: Failure) -> Finding | None:
    """`every 25 december`, `every year on december 25`."""
    is_whole = failure.type_before() == "EVERY"
    if failure.at_end or not (is_whole or (_is_yearly(failure) and "INT" in failure.expected)):
        return None
    matches = [pattern.match(failure.text, failure.position) for pattern in (DAY_AND_MONTH, MONTH_AND_DAY)]
    match = next((match for match in matches if match and month_name(match["month"])), None)
    if match is None:
        return None
    meant, start = f"{match['day']} {month_name(match['month'])}", failure.position
    if is_whole:
        meant = f"каждый год {meant}" if speaks_russian(failure) else f"every year on {meant}"
        start = failure.tokens[-1].start_pos or 0
    return rewritten("E129", say('here we write "{meant}"', meant=meant), Span(start, match.end()), meant)


def _is_yearly(failure: Failure) -> bool:
    return any(token.type == "YEAR" for token in failure.tokens[-2:])


def day_of_the_month(failure: Failure) -> Finding | None:
    """`every month at 9:00`; the Russian `в` is read as `on` first, and the hour as the day."""
    month = next((token for token in failure.tokens[-3:] if token.type == "MONTH"), None)
    behind = failure.tokens[failure.tokens.index(month) + 1 :] if month is not None else ()
    is_time = failure.word == ":" and [token.type for token in behind[1:]] == ["INT"]
    if month is None or not (is_time or (not behind and one_of(failure.word, ("AT",)))):
        return None
    end = month.end_pos or 0
    ways = ("1 числа", "в последний день") if speaks_russian(failure) else ("on 1", "on last day")
    return Finding(
        code="E127",
        message=say("the day of the month is missing"),
        where=Span(month.start_pos or 0, end),
        fixes=tuple(replaced(Span(end, end), f" {way}", title=f"{month} {way}") for way in ways),
        repair=Edit(Span(end, end), f" {ways[0]}"),
        faithful=False,
    )


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
    return rewritten("E112", message, Span(*match.span()), text, safe=unit != "day")


def range_of_numbers(failure: Failure) -> Finding | None:
    """`between 18 - 25`, `between 18 to 25`, `quiet hours 22:00-9:00`."""
    joint = {"BETWEEN": "AND", "QUIET_HOURS": "TO"}.get(failure.type_before(2))
    if joint is None or failure.word.lower() not in _UP_TO:
        return None
    span, word = failure.piece, shown(joint, russian=speaks_russian(failure))
    message = say('here we write "{word}", not "{word2}"', word=word, word2=failure.word)
    return rewritten("E105", message, span, with_blanks(failure.text, span, word))


def half_of_the_day(failure: Failure) -> Finding | None:
    """`at 9:30 pm`, seen when the time has been read; `в 9 вечера`, `в 9 часов вечера`."""
    is_read = failure.type_before() == "TIME"
    if failure.at_end or not (is_read or "TIME" in failure.expected):
        return None
    match = _HALF.match(failure.text, failure.tokens[-1].start_pos or 0 if is_read else failure.position)
    if match is None or match.end() <= failure.position or not 1 <= int(match["hour"]) <= 12:
        return None
    text = f"{int(match['hour']) % 12 + (12 if match['late'] else 0)}:{match['minute'] or '00'}"
    return rewritten("E120", say("times are written hours:minutes, from 0:00 to 23:59"), Span(*match.span()), text)


def range_of_lengths(failure: Failure) -> Finding | None:
    """`wait 2-3 days`."""
    match = pattern_at(failure, _LENGTHS, "DURATION")
    if match is None or not unit_of(match[3]):
        return None
    span, ways = Span(*match.span()), (f"{match[1]} {match[3]}", f"{match[2]} {match[3]}")
    return Finding(
        code="E112",
        message=say("a length of time is one number and one unit"),
        where=span,
        fixes=tuple(replaced(span, way, title=way) for way in ways),
        repair=Edit(span, ways[0]),
        faithful=False,
    )


def until_the_next_day(failure: Failure) -> Finding | None:
    """`wait until next monday 10:00`: `next` was taken for a name; `wait until monday` and no hour."""
    until = next((token for token in failure.tokens[-3:] if token.type == "UNTIL"), None)
    start = len(failure.text) - len(failure.text[until.end_pos or 0 :].lstrip()) if until is not None else 0
    match = _UNTIL_DAY.match(failure.text, start) if until is not None else None
    if match is None or match.end() < failure.position or match["day"].lower() not in WEEKDAYS:
        return _hour_of_the_day(failure)
    meant = f"{match['day']} {match['time'] or '10:00'}"
    return Finding(
        code="E116",
        message=say("the next day of that name is always meant"),
        where=Span(*match.span()),
        label="" if match["time"] else say("the hour is missing"),
        fixes=(replaced(Span(*match.span()), meant, title=meant),),
        repair=Edit(Span(*match.span()), meant),
        faithful=match["time"] is not None,
    )


def _hour_of_the_day(failure: Failure) -> Finding | None:
    if failure.type_before(2) != "UNTIL" or failure.type_before() not in ("WEEKDAY", "TOMORROW"):
        return None
    if failure.expected != {"TIME"} or not (failure.at_end or failure.keyword(STEPS)):
        return None
    message, label = say("the hour is missing"), say("at what hour of that day?")
    return left_out(failure, message, label, "10:00", title=f"{failure.tokens[-1]} 10:00")


def the_last_days(failure: Failure) -> Finding | None:
    """`in the last 3 days`, `in past 3 days`: seen when `in` and a name have been read."""
    before = failure.tokens[-2] if len(failure.tokens) > 1 else None
    match = _THE_LAST.match(failure.text, before.start_pos or 0) if before is not None and before.type == "IN" else None
    if match is None or match.end() < failure.position - 1:
        return None
    return rewritten(
        "E101", say('here we write "in last", not "{match}"', match=match[0]), Span(*match.span()), "in last"
    )
