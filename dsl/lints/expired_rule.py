"""W526: a rule whose time is over."""

from __future__ import annotations

from dsl import syntax
from dsl.around import Around
from dsl.checks.subject import CheckedRule
from dsl.diagnostics import Label
from dsl.messages import say


def lint_expired_rule(rule: CheckedRule, around: Around) -> None:
    for clause in rule.node.clauses:
        if isinstance(clause, syntax.Active) and clause.until and around.today and clause.until.value < around.today:
            rule.scope.problems.warn(
                "W526",
                say("this rule has ended: it starts nothing any more"),
                Label(
                    clause.until.span, say("{days} {days:day|days} ago", days=(around.today - clause.until.value).days)
                ),
                notes=[say("delete the rule (its history stays), or give it a new date")],
            )
