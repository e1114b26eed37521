"""Several channels of one `send` with one template behind them."""

from __future__ import annotations

import re

from dsl.diagnostics import Edit
from dsl.keywords import CHANNELS
from dsl.messages import say
from dsl.recovery.failure import Failure
from dsl.recovery.finding import Finding, replaced, speaks_russian
from dsl.source import Span
from dsl.words import shown

_CHANNEL = "|".join(sorted(CHANNELS, key=len, reverse=True))
_JOINT = r"[ \t]*[,/&+][ \t]*|[ \t]+(?:or|and|или|и|либо)[ \t]+"
_TOGETHER = re.compile(
    rf"(?P<channels>(?:{_CHANNEL})(?:(?:{_JOINT})(?:{_CHANNEL})\b)+)[ \t]+(?P<text>\"[^\"\n]*\"|«[^»\n]*»|“[^”\n]*”)",
    re.IGNORECASE,
)
_VALUE = (
    r"(?:\"[^\"\n]*\"|«[^»\n]*»|“[^”\n]*”|[^\W\d]\w*(?:\.\w+)*|-?\d[\w.:-]*(?:[ \t]*%|[ \t]+[A-Z]{3}\b|[ \t]*[₽$€£])?)"
)
_PAIR = rf"[^\W\d]\w*[ \t]*=[ \t]*{_VALUE}"
_VALUES = re.compile(rf"[ \t]+(?:with|с|со)[ \t]+{_PAIR}(?:[ \t]*,[ \t]*{_PAIR})*", re.IGNORECASE)
_NAME = re.compile(rf"\b(?:{_CHANNEL})\b", re.IGNORECASE)
_ALTERNATIVES = re.compile(r"\b(?:or|или|либо)\b", re.IGNORECASE)


def channels_together(failure: Failure) -> Finding | None:
    """`send email or sms "x"`, `send email and sms "x" with discount = 10%`."""
    first = failure.before
    if first is None or first.type != "CHANNEL" or failure.type_before(2) != "SEND":
        return None
    match = _TOGETHER.match(failure.text, first.start_pos or 0)
    if match is None:
        return None
    values = _VALUES.match(failure.text, match.end())
    span = Span(match.start(), values.end() if values else match.end())
    is_said = _ALTERNATIVES.search(match["channels"]) is not None
    ways = _ways(failure, match, values[0] if values else "")
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


def _ways(failure: Failure, match: re.Match[str], values: str) -> tuple[str, str]:
    """One instead of the other, with values that are for both; and both."""
    russian = speaks_russian(failure)
    sent = [f"{name} {match['text']}" for name in _NAME.findall(match["channels"])]
    or_, send = shown("OR", russian=russian), shown("SEND", russian=russian)
    return f" {or_} ".join([sent[0] + values, *sent[1:]]), f" {send} ".join(each + values for each in sent)
