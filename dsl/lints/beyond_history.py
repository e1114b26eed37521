"""W523: a look further back than the history goes."""

from __future__ import annotations

from datetime import date

from dsl import syntax
from dsl.around import Around
from dsl.checks.subject import CheckedRule
from dsl.compiling.lengths import about_seconds
from dsl.diagnostics import Label
from dsl.messages import Message, say
from dsl.walk import of_type


def lint_beyond_history(rule: CheckedRule, around: Around) -> None:
    observed = around.observed
    if not observed or not observed.history_since or not around.today:
        return
    kept = (around.today - observed.history_since).days
    for within in _looks_back(rule):
        if about_seconds(within) > (kept + 1) * 86_400:
            rule.scope.problems.warn(
                "W523",
                say("the history does not go back that far"),
                Label(within.span, _oldest(observed.history_since, kept)),
                notes=[
                    say(
                        "this counts only what is known: import older events, or look back less than {written}",
                        written=rule.scope.source.words(within.span),
                    )
                ],
            )


def _oldest(since: date, kept: int) -> Message:
    if kept <= 0:
        return say("the oldest event is of today, {day}", day=since.isoformat())
    return say("the oldest event is of {day}, {kept} {kept:day|days} ago", day=since.isoformat(), kept=kept)


def _looks_back(rule: CheckedRule) -> list[syntax.Duration]:
    looks: list[syntax.InLast | syntax.Aggregate] = [
        *of_type(rule.nodes, syntax.InLast),
        *of_type(rule.nodes, syntax.Aggregate),
    ]
    found = [node.within for node in looks if node.path.root not in ("customer", "event")]
    found += [node.during for node in of_type(rule.nodes, syntax.InactivityTrigger)]
    return [within for within in found if within is not None]
