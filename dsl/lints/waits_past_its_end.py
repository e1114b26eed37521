"""W533: a wait that is longer than the time in which the rule is on."""

from __future__ import annotations

from dsl import syntax
from dsl.around import Around
from dsl.checks.subject import CheckedRule
from dsl.compiling.lengths import about_seconds
from dsl.diagnostics import Label
from dsl.messages import say
from dsl.walk import of_type


def lint_waits_past_its_end(rule: CheckedRule, around: Around) -> None:
    active = next((clause for clause in rule.node.clauses if isinstance(clause, syntax.Active)), None)
    if not active or not active.until:
        return
    days = (active.until.value - active.since.value).days + 1
    waits = [wait.duration for wait in of_type(rule.nodes, syntax.Wait)]
    waits += [wait.up_to for wait in of_type(rule.nodes, syntax.WaitFor)]
    for duration in [*([rule.node.delay] if rule.node.delay else []), *waits]:
        if about_seconds(duration) > days * 86_400:
            rule.scope.problems.warn(
                "W533",
                say("this wait is longer than the rule is on"),
                (
                    Label(duration.span, say("every run ends after the last day")),
                    Label(active.span, say("{days} days", days=days)),
                ),
                notes=[say("runs under way finish all the same; is that what you want?")],
            )
