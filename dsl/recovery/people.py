"""Sentences about a customer, where the language speaks of events and dates."""

from __future__ import annotations

import re

from dsl.diagnostics import Edit
from dsl.messages import say
from dsl.recovery.failure import Failure
from dsl.recovery.finding import Finding, replaced, speaks_russian
from dsl.source import Span
from dsl.words import CLAUSES, STEPS, one_of, shown

_DOES = re.compile(r"(?:has|have|had|did|does|do|не)(?:[ \t]+(?:not|never)|n['’]t)?[ \t]+[^\W\d]\w*", re.IGNORECASE)
_EVENT = re.compile(r"(?P<event>[^\W\d]\w*)(?!\w|[ \t]*\.)[ \t]*(?P<next>[^\W\d]*)")
_OF_CUSTOMER = re.compile(r"(?:(?P<whose>[^\W\d]+)[ \t]*\.[ \t]*)?(?P<date>[^\W\d]\w*)(?P<rest>[^\n]*)")

_FOR = re.compile(r"\b(?:for|для)\b", re.IGNORECASE)


def customer_does(failure: Failure) -> Finding | None:
    """`if customer has not ordered`, `when customer does not order for 30 days`."""
    match = None if failure.at_end else _DOES.match(failure.text, failure.position)
    if match is None or failure.type_before() != "CUSTOMER":
        return None
    notes = [say("since the rule began: not EVENT"), say("before that: count of EVENT in last 30 days = 0")]
    if failure.type_before(2) == "WHEN":
        notes = [say("for a silence: when no EVENT for 30 days")]
    return Finding(
        code="E101",
        message=say("what customers do is asked by the name of its event"),
        where=Span(failure.tokens[-1].start_pos or 0, match.end()),
        notes=tuple(notes),
        faithful=False,
    )


def on_an_event(failure: Failure) -> Finding | None:
    """`on order_placed send …`: `on` is for a day of the calendar."""
    match = None if failure.at_end else _EVENT.match(failure.text, failure.position)
    if match is None or failure.type_before() != "ON_DATE" or "DATE" not in failure.expected:
        return None
    if not _begins_item(failure):
        return None
    if "_" not in match["event"] and not one_of(match["next"], ("AFTER", "WHERE", "OR")):
        return None
    on, when = failure.tokens[-1], shown("WHEN", russian=speaks_russian(failure))
    span = Span(on.start_pos or 0, on.end_pos or 0)
    return Finding(
        code="E101",
        message=say('"{on}" is for a day of the calendar', on=on),
        where=span,
        label=say('an event comes after "{when}"', when=when),
        fixes=(replaced(span, when, safe=True),),
        repair=Edit(span, when),
    )


def date_of_customers(failure: Failure) -> Finding | None:
    """`on birthday`, `on customer.birthday at 10:00`: `on` is for a day of the calendar."""
    match = None if failure.at_end else _OF_CUSTOMER.match(failure.text, failure.position)
    if match is None or failure.type_before() != "ON_DATE" or "DATE" not in failure.expected:
        return None
    following = match["rest"].split(maxsplit=1)[:1]
    if not _begins_item(failure) or _FOR.search(match["rest"]):
        return None  # a day of the week behind an event; a mailing, which has a date of its own
    has_time = bool(following) and one_of(following[0], ("AT",)) is not None
    if following and not has_time and not one_of(following[0], (*STEPS, *CLAUSES)):
        return None
    if not one_of(match["whose"], ("CUSTOMER",)) if match["whose"] else not match["date"].isascii():
        return None
    russian = speaks_russian(failure)
    when, customer, at = (shown(word, russian=russian) for word in ("WHEN", "CUSTOMER", "AT"))
    span = Span(failure.tokens[-1].start_pos or 0, match.end("date"))
    meant = f"{when} {customer}.{match['date']}" + ("" if has_time else f" {at} 10:00")
    return Finding(
        code="E101",
        message=say('"{on}" is for a day of the calendar', on=failure.tokens[-1]),
        where=span,
        label=say('a date of each customer comes after "{when}"', when=when),
        fixes=(replaced(span, meant, title=meant),),
        repair=Edit(span, meant),
        faithful=False,
    )


def _begins_item(failure: Failure) -> bool:
    """At the `on` that begins a line, or stands behind the name of its rule."""
    on = failure.tokens[-1].start_pos or 0
    line = failure.text[failure.text.rfind("\n", 0, on) + 1 : on]
    return not line.strip() or failure.type_before(3) == "RULE"
