"""W535: a day that not every month, or not every year, has."""

from __future__ import annotations

from dsl import syntax
from dsl.around import Around
from dsl.checks.subject import CheckedRule
from dsl.diagnostics import Label
from dsl.messages import say
from dsl.walk import of_type

MONTHS_WITHOUT = {29: 1, 30: 1, 31: 5}


def lint_day_few_months_have(rule: CheckedRule, around: Around) -> None:
    for monthly in of_type(rule.nodes, syntax.Monthly):
        if monthly.day in MONTHS_WITHOUT:
            missing = MONTHS_WITHOUT[monthly.day]
            rule.scope.problems.warn(
                "W535",
                say("{missing:one month has|months have} no day {day}", missing=missing, day=monthly.day)
                if missing == 1
                else say("{missing} months have no day {day}", missing=missing, day=monthly.day),
                Label(monthly.span, say("there it comes on the last day")),
                notes=[say("for the end of every month write: every month on last day")],
            )
    for yearly in of_type(rule.nodes, syntax.Yearly):
        if (yearly.day, yearly.month) == (29, 2):
            rule.scope.problems.warn(
                "W535",
                say("most years have no 29 February"),
                Label(yearly.span, say("in those it comes on the day that `leap_day` in kogda.yaml names")),
                notes=[say("write 28 february or 1 march")],
            )
