"""Lengths of time: `1h`, `3 days`."""

from __future__ import annotations

from dsl import plan, syntax
from dsl.diagnostics import Label
from dsl.messages import say
from dsl.scope import Scope

#: Ten years. Longer ones are slips of the pen, and dates run out of calendar.
MOST: dict[str, int] = {
    "second": 315_360_000,
    "minute": 5_256_000,
    "hour": 87_600,
    "day": 3_650,
    "week": 520,
    "month": 120,
    "year": 10,
}

_ABOUT_S: dict[str, int] = {
    "second": 1,
    "minute": 60,
    "hour": 3_600,
    "day": 86_400,
    "week": 604_800,
    "month": 2_592_000,
    "year": 31_536_000,
}


def about_seconds(length: syntax.Duration | plan.Length) -> int:
    """For sizes to be compared: months have 30 days here."""
    return length.amount * _ABOUT_S[length.unit]


def compile_length(duration: syntax.Duration, scope: Scope) -> plan.Length | None:
    if 0 < duration.amount <= MOST[duration.unit]:
        return plan.Length(duration.amount, duration.unit)
    short = duration.amount <= 0
    scope.problems.error(
        "E324",
        say("this length of time is zero") if short else say("this length of time is too long"),
        Label(duration.span, say("at least 1") if short else say("at most 10 years")),
    )
    return None
