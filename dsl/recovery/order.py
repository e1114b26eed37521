"""Parts of a rule in another order, or joined by words that other languages would take."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dsl.diagnostics import Edit, Fix
from dsl.messages import say
from dsl.recovery.failure import Failure
from dsl.recovery.finding import Finding, replaced, speaks_russian
from dsl.recovery.quantities import unit_of
from dsl.source import Span
from dsl.words import CLAUSES, FORMS, STEPS, one_of, shown

_GUARDED = ("UNLESS", "ONLY_IF", "IF", "ELSE_IF", "WHERE", "NOT", "AND", "OR")
_AUXILIARIES = ("has", "have", "did", "was", "had")
_WHEN_SENT = re.compile(
    r"(?:at|on|в)[ \t]+(?P<time>\d{1,2}:\d{2}|(?P<hour>1[0-2]|[1-9])[ \t]*(?P<half>[ap])\.?m\b)"
    r"|in[ \t]+(?P<length>\d+[ \t]*(?P<unit>[^\W\d]+))"
    r"|(?P<day>tomorrow|завтра)\b(?:(?:[ \t]+(?:at|в))?[ \t]+(?P<daytime>\d{1,2}:\d{2})\b)?",
    re.IGNORECASE,
)
_PATH = re.compile(r"([^\W\d]+)[ \t]*\.[ \t]*[^\W\d]")
_DATED = re.compile(r"(?P<when>[^\W\d]+)[ \t]+(?P<path>(?:[^\W\d]\w*[ \t]*\.[ \t]*)+[^\W\d]\w*)\s+\Z")
_SIDE = "|".join((*FORMS["BEFORE"], *FORMS["AFTER"]))
_OFFSET = re.compile(
    rf"(?P<number>\d{{1,4}})(?:[ \t]*(?P<unit>[^\W\d]+))?[ \t]+(?P<side>{_SIDE})\b"
    rf"|(?P<first>{_SIDE})[ \t]+(?P<of>\d{{1,4}})\b(?:[ \t]*(?P<of_unit>[^\W\d]+))?",
    re.IGNORECASE,
)
_WORD_OR_TEXT = re.compile(r"[^\W\d]\w*|\"[^\"\n]*\"|«[^»\n]*»|“[^”\n]*”")
_TOO_LONG = re.compile(r"\d+[ \t\u00a0]*([^\W\d]+)")


def filter_behind_delay(failure: Failure) -> Finding | None:
    """`when a after 2h where …`."""
    types = [token.type for token in failure.tokens[-2:]]
    if not one_of(failure.word, ("WHERE",)) or types != ["AFTER", "DURATION"]:
        return None
    after, length = failure.tokens[-2:]
    delay = failure.text[after.start_pos or 0 : length.end_pos or 0]
    without = failure.text[: after.start_pos or 0] + failure.text[failure.position :]
    end = next_part(failure, failure.piece.end)
    there = end - (failure.position - (after.start_pos or 0))
    moved = f"{without[:there].rstrip()} {delay} {without[there:]}"
    fixes: tuple[Fix, ...] = ()
    if failure.reaches(moved) > there + len(delay) + 1:
        edits = (Edit(Span(after.start_pos or 0, failure.position), ""), Edit(Span(end, end), f"{delay} "))
        fixes = (Fix(say('put "{delay}" behind the filter', delay=delay), edits, "safe"),)
    return Finding(
        code="E135",
        message=say("the filter stands right behind the event, and the delay behind the filter"),
        where=failure.piece,
        fixes=fixes,
        faithful=False,
    )


def delay_before_event(failure: Failure) -> Finding | None:
    """`when 1h after cart_updated send …`: so one speaks of dates."""
    types = [token.type for token in failure.tokens[-4:]]
    if types != ["WHEN", "DURATION", "AFTER", "NAME"] or not (
        failure.at_end or failure.keyword((*STEPS, *CLAUSES, "WHERE"))
    ):
        return None
    _, length, after, event = failure.tokens[-4:]
    span = Span(length.start_pos or 0, event.end_pos or 0)
    meant = f"{event} {after} {length}"
    return Finding(
        code="E135",
        message=say("the delay stands behind the event"),
        where=span,
        label=say("so one speaks of the dates of a customer"),
        fixes=(replaced(span, meant, safe=True, title=meant),),
        repair=Edit(span, meant),
    )


def parts_behind(failure: Failure, behind: int, words: tuple[str, ...]) -> Iterator[int]:
    """Where parts begin with these words, on this line or the next ones; not inside of texts."""
    for word in _WORD_OR_TEXT.finditer(failure.text, behind):
        if Failure(failure.start, failure.text, word.start(), (), at_end=False).keyword(words):
            yield word.start()


def next_part(failure: Failure, behind: int) -> int:
    """Where the next guard or step begins."""
    return next(parts_behind(failure, behind, (*STEPS, *CLAUSES)), len(failure.text))


def condition_behind_event(failure: Failure) -> Finding | None:
    """`when a event.x is 1`, `when a and customer.city is "Moscow"`."""
    joined = failure.type_before() == "NAME" and failure.type_before(2) == "WHEN"
    and_ = re.compile(r"(?:and|with|but|и)[ \t]+(?=(?:customer|event|клиент|событие)\b)", re.IGNORECASE).match(
        failure.text, failure.position
    )
    start = and_.end() if and_ else failure.position
    path = _PATH.match(failure.text, start)
    if not joined or failure.at_end or path is None or not one_of(path[1], ("CUSTOMER", "EVENT")):
        return None
    russian = speaks_russian(failure)
    meant = shown("WHERE" if one_of(path[1], ("EVENT",)) else "ONLY_IF", russian=russian)
    span = Span(failure.position, start)
    return Finding(
        code="E115",
        message=say('"{meant}" is missing before the condition', meant=meant),
        where=Span(span.start, failure.piece.end),
        fixes=(replaced(span, f"{meant} ", safe=True, title=say('put "{meant}" before it', meant=meant)),),
        repair=Edit(span, f"{meant} "),
    )


def needless_auxiliary(failure: Failure) -> Finding | None:
    """`unless has order_placed`: `has` was taken for a name."""
    before = failure.before
    if before is None or before.type != "NAME" or before.lower() not in _AUXILIARIES or failure.at_end:
        return None
    if failure.type_before(2) not in _GUARDED:
        return None
    span = Span(before.start_pos or 0, failure.position)
    return Finding(
        code="E116",
        message=say('the word "{before}" is not needed here', before=before),
        where=Span(span.start, before.end_pos or 0),
        fixes=(replaced(span, "", safe=True, title=say("leave it out")),),
        repair=Edit(span, ""),
    )


def time_behind_send(failure: Failure) -> Finding | None:
    """`send email "x" at 10:00`, `send email "x" in 3 days`: when comes first, as a step of its own.

    `tomorrow` alone gets an hour to change, since a wait needs one.
    """
    sends = [token for token in failure.tokens if token.type == "SEND"]
    match = None if failure.at_end or not sends else _WHEN_SENT.match(failure.text, failure.position)
    if match is None or failure.type_before() != "STRING" or (match["length"] and not unit_of(match["unit"])):
        return None
    place, russian = sends[-1].start_pos or 0, speaks_russian(failure)
    wait, until = shown("WAIT", russian=russian), shown("UNTIL", russian=russian)
    day = f"{match['day']} {match['daytime'] or '10:00'}" if match["day"] else _time(match)
    text = f"{wait} {match['length']}" if match["length"] else f"{wait} {until} {day}"
    start = len(failure.text[: failure.position].rstrip(" \t"))
    edits = (Edit(Span(place, place), f"{text} "), Edit(Span(start, match.end()), ""))
    return Finding(
        code="E135",
        message=say('a pause between steps is a step of its own: "{wait}"', wait=wait),
        where=Span(*match.span()),
        fixes=(Fix(say('put "{text}" before "{sends}"', text=text, sends=sends[-1]), edits),),
        repair=Edit(Span(start, match.end()), ""),
        faithful=False,
    )


def _time(match: re.Match[str]) -> str:
    if not match["half"]:
        return match["time"]
    return f"{int(match['hour']) % 12 + (12 if match['half'].lower() == 'p' else 0)}:00"


def colon_before_holdout(failure: Failure) -> Finding | None:
    """`10%: holdout`."""
    if failure.type_before() != "COLON" or not one_of(failure.word, ("HOLDOUT",)):
        return None
    colon = failure.tokens[-1]
    span = Span(colon.start_pos or 0, colon.end_pos or 0)
    return Finding(
        code="E125",
        message=say('":" has no meaning before "{word}"', word=failure.word),
        where=span,
        label=say("steps would follow after it"),
        fixes=(replaced(span, "", safe=True, title=say("leave it out")),),
        repair=Edit(span, ""),
    )


def offset_behind_date(failure: Failure) -> Finding | None:
    """`when customer.birthday 3 days before`, `when customer.birthday before 3 days`."""
    dated = _DATED.search(failure.text[: failure.position])
    match = None if failure.at_end or dated is None else _OFFSET.match(failure.text, failure.position)
    if dated is None or match is None or not one_of(dated["when"], ("WHEN",)):
        return None
    side, number = match["side"] or match["first"], match["number"] or match["of"]
    unit, end = match["unit"] or match["of_unit"], match.end()
    if unit and not unit_of(unit):
        if match["unit"]:
            return None
        unit, end = None, match.end("of")  # the word behind it is another one's
    day = say("{n} {n:day|days}", n=int(number)).text("ru" if speaks_russian(failure) else "en")
    where, length = Span(dated.start("path"), end), f"{number} {unit}" if unit else day
    meant = f"{length} {side} {dated['path']}"
    return Finding(
        code="E135",
        message=say("how long before or after stands in front of the date"),
        where=Span(match.start(), end),
        fixes=(replaced(where, meant, safe=bool(unit), title=meant),),
        repair=Edit(where, meant),
        faithful=bool(unit),
    )


def too_long(failure: Failure) -> Finding | None:
    """A number of more digits than any length of time has."""
    match = (
        None
        if failure.at_end or "DURATION" not in failure.expected
        else _TOO_LONG.match(failure.text, failure.position)
    )
    if match is None or not unit_of(match[1]):
        return None
    return Finding(
        code="E324",
        message=say("this length of time is too long"),
        where=Span(*match.span()),
        repair=Edit(Span(*match.span()), f"1 {match[1]}"),
        faithful=False,
    )
