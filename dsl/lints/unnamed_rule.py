"""W601: a rule of several steps whose history hangs on its text."""

from __future__ import annotations

from dsl.around import Around
from dsl.checks.subject import CheckedRule
from dsl.diagnostics import Label
from dsl.messages import say

STEPS = 2


def lint_unnamed_rule(rule: CheckedRule, around: Around) -> None:
    if rule.node.name is None and len(rule.node.steps) > STEPS:
        rule.scope.problems.warn(
            "W601",
            say("this rule of {steps} steps has no name", steps=len(rule.node.steps)),
            Label(rule.node.trigger.span, say("called after its text: an edit would begin a new history")),
            notes=[say('begin it with a line: rule "…"')],
        )
