"""Several channels of one `send` with one template behind them."""

from __future__ import annotations

import re

from dsl.diagnostics import Edit
from dsl.keywords import CHANNELS
from dsl.messages import say
from dsl.recovery.failure import Failure
from dsl.recovery.finding import Finding, replaced, speaks_russian
from dsl.source import Span
from dsl.words import one_of, shown

_CHANNEL = "|".join(sorted(CHANNELS, key=len, reverse=True))
_JOINT = r"[ \t]*[,/&+][ \t]*|[ \t]+(?:or|and|или|и|либо)[ \t]+"
_TOGETHER = re.compile(
    rf"(?P<channels>(?:{_CHANNEL})(?:(?:{_JOINT})(?:{_CHANNEL})\b)+)[ \t]+(?P<text>\"[^\"\n]*\"|«[^»\n]*»|“[^”\n]*”)",
    re.IGNORECASE,
)
_NAME = re.compile(rf"\b(?:{_CHANNEL})\b", re.IGNORECASE)
_ALTERNATIVES = re.compile(r"\b(?:or|или|либо)\b", re.IGNORECASE)


def channels_together(failure: Failure) -> Finding | None:
    """`send email or sms "x"`, `send email and sms "x"`."""
    first = failure.before
    if first is None or first.type != "CHANNEL" or failure.type_before(2) != "SEND":
        return None
    match = _TOGETHER.match(failure.text, first.start_pos or 0)
    following = failure.text[match.end() :].split(maxsplit=1)[:1] if match else []
    if match is None or (following and one_of(following[0], ("WITH",))):
        return None  # values stand behind the first template, for all of them
    russian = speaks_russian(failure)
    sent = [f"{name} {match['text']}" for name in _NAME.findall(match["channels"])]
    or_, send = shown("OR", russian=russian), shown("SEND", russian=russian)
    span, ways = Span(*match.span()), (f" {or_} ".join(sent), f" {send} ".join(sent))
    is_said = _ALTERNATIVES.search(match["channels"]) is not None
    return Finding(
        code="E136",
        message=say("each channel has its template behind it")
        if is_said
        else say("both messages, or the second when the first cannot be delivered?"),
        where=span,
        fixes=tuple(replaced(span, way, safe=is_said, title=way) for way in (ways[:1] if is_said else ways)),
        repair=Edit(span, ways[0]),
        faithful=is_said,
    )
