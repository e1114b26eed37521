"""W532: `24h` where a day was surely meant: it comes an hour off after the clocks change."""

from __future__ import annotations

from dsl import syntax
from dsl.around import Around
from dsl.checks.subject import CheckedRule
from dsl.diagnostics import Label
from dsl.messages import say
from dsl.problems import replacement
from dsl.walk import of_type

RUSSIAN_DAYS = ("день", "дня", "дней")


def lint_hours_for_days(rule: CheckedRule, around: Around) -> None:
    waits = [wait.duration for wait in of_type(rule.nodes, syntax.Wait)]
    for duration in [*([rule.node.delay] if rule.node.delay else []), *waits]:
        if duration.unit == "hour" and duration.amount and duration.amount % 24 == 0:
            days = duration.amount // 24
            text = _days(days, russian=not rule.scope.source.slice(duration.span).isascii())
            rule.scope.problems.warn(
                "W532",
                say("hours are exact, days follow the clock on the wall"),
                Label(duration.span, say("after the clocks change this comes an hour earlier or later in the day")),
                fixes=[replacement(duration.span, text)],
            )


def _days(number: int, *, russian: bool) -> str:
    if not russian:
        return f"{number} day" if number == 1 else f"{number} days"
    if number % 10 == 1 and number % 100 != 11:
        return f"{number} {RUSSIAN_DAYS[0]}"
    few = number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14)
    return f"{number} {RUSSIAN_DAYS[1 if few else 2]}"
