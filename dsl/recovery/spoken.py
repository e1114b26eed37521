"""Sentences that read aloud well and are written another way: a word of theirs was taken for a name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from lark import Token

from dsl.alphabets import is_russian
from dsl.diagnostics import Edit
from dsl.keywords import CHANNELS, WEEKDAYS
from dsl.messages import say
from dsl.recovery.failure import Failure
from dsl.recovery.finding import Finding, replaced, rewritten, speaks_russian
from dsl.source import Span
from dsl.words import one_of, shown

#: What people write with `is` before it, and what is written in place of both.
_COMPARISONS = tuple(
    (re.compile(rf"{pattern}(?!\w)".replace(" ", r"[ \t\u00a0]+"), re.IGNORECASE), meant)
    for pattern, meant in (
        (r"is not in", "not in"),
        (r"is in", "in"),
        (r"is (?:more|greater|larger|higher|bigger) than or equal to|is at least|is (?:not|no) less than", ">="),
        (r"is (?:less|smaller|lower|fewer) than or equal to|is at most|is (?:not|no) more than", "<="),
        (r"is (?:more|greater|larger|higher|bigger) than|is (?:over|above)", ">"),
        (r"is (?:less|smaller|lower|fewer) than|is (?:under|below)", "<"),
        (r"is between", "between"),
        (r"(?:равно|равен|равна|это) между", "между"),
    )
)
_SIGN = re.compile(r"[<>]=?")
_OF_A_PATH = ("CUSTOMER", "EVENT", "NAME", "DOT")
_SEGMENT = re.compile(r"segments?|сегмент(?:а|е|у)?", re.IGNORECASE)
_BEFORE_CONDITION = ("FOR", "ONLY_IF", "UNLESS", "IF", "ELSE_IF", "AND", "OR", "NOT", "WHERE", "MEANS")
_BEFORE_SEGMENT = ("IN", "NOT_IN", "ENTERS", "LEAVES")
_EVERYBODY = re.compile(
    r"(?:customers?|clients?|users?|people|subscribers?|contacts?|клиентов|людей)(?!\w)", re.IGNORECASE
)
_OF = re.compile(r"['’´`]s?[ \t\u00a0]+(?=[^\W\d])")
_BEFORE_DATE = re.compile(r"за[ \t]+(\d+[ \t]*[^\W\d]+[ \t]+до)(?!\w)", re.IGNORECASE)
_ON_WEEKDAY = re.compile(
    r"(?:on[ \t]+|по[ \t]+|во?[ \t]+)?(?P<day>(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
    r"|(?:понедельник|вторник|сред|четверг|пятниц|суббот|воскресень)(?:ам|ям|у|а|е)?)(?!\w)",
    re.IGNORECASE,
)
_TO_ATTRIBUTE = re.compile(r"(?:to|from|к|у)[ \t]+(?P<path>(?:customer|клиент\w*)\.\w+)", re.IGNORECASE)
_NO = ("no", "never", "нет")


def spoken_comparison(failure: Failure) -> Finding | None:
    """`is more than 5`, `customer is in vip`, `is between 50 EUR and 100 EUR`."""
    said = next((token for token in failure.tokens[-3:] if token.type in ("IS", "IS_NOT")), None)
    start = said.start_pos or 0 if said is not None else len(failure.text)
    for pattern, meant in _COMPARISONS:
        match = pattern.match(failure.text, start)
        if match is not None and _reads_on(failure, Span(*match.span()), meant):
            return _written_so(Span(*match.span()), meant, match[0])
    return None


def repeated_subject(failure: Failure) -> Finding | None:
    """`event.total >= 50 EUR and <= 100 EUR`."""
    subject = _subject(failure) if failure.type_before() in ("AND", "OR") else None
    match = _SIGN.match(failure.text, failure.position)
    if subject is None or match is None or failure.at_end:
        return None
    here = Span(failure.position, failure.position)
    return Finding(
        code="E127",
        message=say('a condition is missing after "{after}"', after=failure.before),
        where=Span(*match.span()),
        label=say("say again what is compared"),
        fixes=(replaced(here, f"{subject} ", safe=True, title=say('put "{text}" before it', text=subject)),),
        repair=Edit(here, f"{subject} "),
    )


def _subject(failure: Failure) -> str | None:
    """What the last comparison compares."""
    signs = [place for place, token in enumerate(failure.tokens) if _SIGN.fullmatch(token)]
    path = _path(failure.tokens[: signs[-1]]) if signs else []
    return failure.text[path[0].start_pos or 0 : path[-1].end_pos] if path else None


def _path(tokens: Sequence[Token]) -> list[Token]:
    """The names and points at the end."""
    return list(takewhile(lambda token: token.type in _OF_A_PATH, reversed(tokens)))[::-1]


def called_a_segment(failure: Failure) -> Finding | None:
    """`customer in segment vip`, `when customer enters segment vip`, `for segment vip`."""
    said = failure.before
    if said is None or said.type != "NAME" or not _SEGMENT.fullmatch(said) or not failure.word[:1].isalpha():
        return None
    span = Span(said.start_pos or 0, failure.position)
    if failure.type_before(2) in _BEFORE_SEGMENT:
        return _needless(failure, span)
    if failure.type_before(2) not in _BEFORE_CONDITION:
        return None
    russian = speaks_russian(failure)
    meant = f"{shown('CUSTOMER', russian=russian)} {shown('IN', russian=russian)} "
    return Finding(
        code="E101",
        message=say('here we write "{meant}", not "{written}"', meant=meant.strip(), written=str(said)),
        where=Span(span.start, said.end_pos or 0),
        fixes=(replaced(span, meant, safe=True, title=say('replace with "{meant}"', meant=meant.strip())),),
        repair=Edit(span, meant),
    )


def _needless(failure: Failure, span: Span) -> Finding:
    """`span` is a word with the blanks that go with it."""
    written = failure.text[span.start : span.end]
    word, start = written.strip(), span.end - len(written.lstrip())
    return Finding(
        code="E116",
        message=say('the word "{word}" is not needed here', word=word),
        where=Span(start, start + len(word)),
        fixes=(replaced(span, "", safe=True, title=say("leave it out")),),
        repair=Edit(span, ""),
    )


def all_customers(failure: Failure) -> Finding | None:
    """`for all customers`, `для всех клиентов`."""
    said = failure.before
    match = None if failure.at_end else _EVERYBODY.match(failure.text, failure.position)
    if said is not None and match is not None and said.type == "EVERYONE":
        return _needless(failure, Span(said.end_pos or 0, match.end()))
    if said is None or match is None or failure.type_before(2) != "FOR" or said.lower() not in ("all", "every", "each"):
        return None
    span = Span(said.start_pos or 0, match.end())
    return _written_so(span, shown("EVERYONE"), failure.text[span.start : span.end])


def at_most_once(failure: Failure) -> Finding | None:
    """`at most once per week`."""
    if failure.type_before() != "AT_MOST" or not one_of(failure.word, ("ONCE",)):
        return None
    span = Span(failure.tokens[-1].start_pos or 0, failure.piece.end)
    return _written_so(span, failure.word, failure.text[span.start : span.end])


def before_a_date(failure: Failure) -> Finding | None:
    """`когда за 3 дня до клиент.birthday`, where `за` was taken for an event."""
    said = next((token for token in failure.tokens[-2:] if token.type == "NAME" and token.lower() == "за"), None)
    match = _BEFORE_DATE.match(failure.text, said.start_pos or 0) if said is not None else None
    if said is None or match is None or "WHEN" not in [token.type for token in failure.tokens[-3:]]:
        return None
    return _needless(failure, Span(match.start(), match.start(1)))


def every_weekday(failure: Failure) -> Finding | None:
    """`on mondays at 9:00`, `по понедельникам в 9:00`, `mondays at 9:00` where a rule should begin."""
    start = failure.position
    if failure.type_before() == "ON_DATE" and failure.type_before(2) != "NAME":
        start = failure.tokens[-1].start_pos or 0
    elif failure.tokens:
        return None
    match = _ON_WEEKDAY.match(failure.text, start)
    if failure.start != "file" or match is None:
        return None
    stem = match["day"].lower()[:5]
    day = next((day for day in WEEKDAYS if day.startswith(stem)), None)
    if day is None:
        return None
    russian = is_russian(day[0])
    every = {"у": "каждую", "е": "каждое"}.get(day[-1], shown("EVERY", russian=russian))
    span, meant = Span(*match.span()), f"{every} {day}"
    return rewritten("E129", say('here we write "{meant}"', meant=meant), span, meant)


def counting_up(failure: Failure) -> Finding | None:
    """`add 1 to customer.visits`."""
    types = [token.type for token in failure.tokens[-2:]]
    match = None if failure.at_end else _TO_ATTRIBUTE.match(failure.text, failure.position)
    if match is None or types not in (["ADD", "INT"], ["REMOVE", "INT"]):
        return None
    verb, amount = failure.tokens[-2:]
    meant = f"{'increase' if verb.type == 'ADD' else 'decrease'} {match['path']} by {amount}"
    span = Span(verb.start_pos or 0, match.end())
    return _written_so(span, meant, failure.text[span.start : span.end])


def of_a_customer(failure: Failure) -> Finding | None:
    """`customer's birthday`, which is no text in quotes."""
    match = None if failure.at_end else _OF.match(failure.text, failure.position)
    if match is None or failure.type_before() not in ("CUSTOMER", "EVENT"):
        return None
    span = Span(*match.span())
    return _written_so(span, ".", match[0].strip())


def expect_not(failure: Failure) -> Finding | None:
    """`expect not email "cart"`."""
    types = [token.type for token in failure.tokens[-3:]]
    if types != ["EXPECT", "NOT", "NAME"] or failure.tokens[-1].lower() not in CHANNELS:
        return None
    said = failure.tokens[-2]
    span = Span(said.start_pos or 0, said.end_pos or 0)
    return _written_so(span, shown("NO", russian=speaks_russian(failure)), str(said))


def no_for_not(failure: Failure) -> Finding | None:
    """`then no order_placed within 1h`; `when not order_placed for 30 days`, where it is `no`."""
    said = failure.before
    if said is None or said.type != "NAME" or not failure.word[:1].isalpha():
        return None
    after = failure.type_before(2)
    if after == "THEN" and said.lower() in _NO:
        terminal = "NOT"
    elif after == "WHEN" and one_of(str(said), ("NOT",)):
        terminal = "NO"
    else:
        return None
    span, meant = Span(said.start_pos or 0, said.end_pos or 0), shown(terminal, russian=speaks_russian(failure))
    return _written_so(span, meant, str(said)) if _reads_on(failure, span, meant) else None


def _reads_on(failure: Failure, span: Span, meant: str) -> bool:
    changed = failure.text[: span.start] + meant + failure.text[span.end :]
    return failure.reaches(changed) > max(failure.position, span.end) + len(meant) - (span.end - span.start)


def _written_so(span: Span, meant: str, written: str) -> Finding:
    message = say('here we write "{meant}", not "{written}"', meant=meant, written=written)
    return rewritten("E101", message, span, meant)
