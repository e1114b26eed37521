"""W527: a choice between things that are the same."""

from __future__ import annotations

from dsl import syntax
from dsl.around import Around
from dsl.checks.subject import CheckedRule
from dsl.diagnostics import Label
from dsl.messages import say
from dsl.walk import of_type


def lint_same_arms(rule: CheckedRule, around: Around) -> None:
    for branch in of_type(rule.nodes, syntax.Branch):
        arms = [arm.steps for arm in branch.arms]
        if branch.otherwise is not None and all(steps == branch.otherwise for steps in arms):
            _warn(branch, rule, say("whatever the condition says, the same happens"))
    for split in of_type(rule.nodes, syntax.Split):
        parts = [arm.steps for arm in split.arms if not arm.holdout]
        if len(parts) > 1 and all(steps == parts[0] for steps in parts):
            _warn(split, rule, say("every part does the same, so there is nothing to compare"))


def _warn(node: syntax.Node, rule: CheckedRule, why: str) -> None:
    rule.scope.problems.warn(
        "W527",
        say("all ways from here are the same"),
        Label(node.span, why),
        notes=[say("was one of them copied and not changed yet?")],
    )
