"""A number where a length of time belongs, and nobody said of what."""

from __future__ import annotations

import re
from collections.abc import Callable

from dsl.diagnostics import Edit
from dsl.messages import Language, Message, say
from dsl.recovery.failure import Failure
from dsl.recovery.finding import Finding, replaced, speaks_russian
from dsl.recovery.quantities import pattern_at
from dsl.source import Span
from dsl.words import ALL_WORDS, is_unit, one_of

_NUMBER = re.compile(r"(\d{1,6})(?:[ \t\u00a0]*([^\W\d]\w*))?(?![\w.,:/-]*\d)")
_TIMES = re.compile(r"(\d{1,6}[ \t\u00a0]+([^\W\d]+))[ \t\u00a0]+([^\W\d]\w*)")
#: Words behind which people mean a pause, or the time that they wait for something; behind the others, days.
_PAUSES = ("AFTER", "WAIT", "UP_TO", "WITHIN", "PLUS")
_SAID: dict[str, Callable[[int], Message]] = {
    "minute": lambda n: say("{n} {n:minute|minutes}", n=n),
    "hour": lambda n: say("{n} {n:hour|hours}", n=n),
    "day": lambda n: say("{n} {n:day|days}", n=n),
    "week": lambda n: say("{n} {n:week|weeks}", n=n),
    "month": lambda n: say("{n} {n:month|months}", n=n),
}


def missing_unit(failure: Failure) -> Finding | None:
    """`after 5`, `unless order_placed in last 30`, `after 5 jiffies`."""
    match = pattern_at(failure, _NUMBER, "DURATION")
    if match is None or "INT" in failure.expected or ("TIME" in failure.expected and not _is_offset(match[2])):
        return None
    is_unit_unknown = match[2] is not None and not _is_word(match[2])
    span = Span(match.start(1), match.end(2 if is_unit_unknown else 1))
    ways = _ways(failure, int(match[1]))
    return Finding(
        code="E101" if is_unit_unknown else "E139",
        message=say('I do not know the unit "{match}"', match=match[2])
        if is_unit_unknown
        else say('the unit of "{n}" is missing', n=match[1]),
        where=Span(*match.span(2)) if is_unit_unknown else span,
        label="" if is_unit_unknown else say("of what: minutes, hours, days?"),
        fixes=tuple(replaced(span, way, title=way) for way in ways),
        repair=Edit(span, ways[0]),
        faithful=False,
    )


def times_before_event(failure: Failure) -> Finding | None:
    """`when 3 times order_placed within 7 days`."""
    match = pattern_at(failure, _TIMES, "NAME")
    if match is None or not one_of(match[2], ("TIMES",)) or failure.type_before() != "WHEN":
        return None
    span, moved = Span(*match.span()), f"{match[3]} {match[1]}"
    return Finding(
        code="E135",
        message=say("how often it happens stands behind the event"),
        where=Span(*match.span(1)),
        fixes=(replaced(span, moved, safe=True, title=moved),),
        repair=Edit(span, moved),
    )


def _is_offset(word: str | None) -> bool:
    """`wait until 3 before event.visit_at`, which is no time of the day."""
    return word is not None and one_of(word, ("BEFORE", "AFTER")) is not None


def _is_word(word: str) -> bool:
    return any(form.split()[0] == word.lower() for form in ALL_WORDS) and not is_unit(word)


def _ways(failure: Failure, amount: int) -> list[str]:
    """The likeliest first, in the language of the file."""
    language: Language = "ru" if speaks_russian(failure) else "en"
    is_pause = failure.type_before() in _PAUSES
    units = _units(amount) if is_pause else _long_units(amount)
    return [_SAID[unit](amount).text(language) for unit in units]


def _units(amount: int) -> tuple[str, ...]:
    if amount in (7, 14, 21, 28):
        return "day", "hour", "minute"
    if amount < 5 or amount % 12 == 0:
        return "hour", "day", "minute"
    return "minute", "hour", "day"


def _long_units(amount: int) -> tuple[str, ...]:
    return ("hour", "day", "week") if amount in (24, 48, 72) else ("day", "week", "month")
