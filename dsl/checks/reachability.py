"""Steps that no customer can reach."""

from __future__ import annotations

from dsl import syntax
from dsl.checks.subject import CheckedRule, Subject
from dsl.diagnostics import Diagnostic, Label
from dsl.messages import say


def check_reachability(subject: Subject, found: list[Diagnostic]) -> None:
    for rule in subject.rules:
        _check_block(rule.node.steps, rule)


def _check_block(steps: tuple[syntax.Step, ...], rule: CheckedRule) -> None:
    for index, step in enumerate(steps):
        for block in _blocks(step):
            _check_block(block, rule)
        if _always_ends(step) and index + 1 < len(steps):
            rule.scope.problems.warn(
                "W521",
                say("nobody ever gets here"),
                (Label(steps[index + 1].span, say("this never happens")), Label(step.span, say("every run ends here"))),
            )
            return


def _blocks(step: syntax.Step) -> list[tuple[syntax.Step, ...]]:
    if isinstance(step, syntax.Branch):
        return [*(arm.steps for arm in step.arms), step.otherwise or ()]
    return [arm.steps for arm in step.arms] if isinstance(step, syntax.Split) else []


def _always_ends(step: syntax.Step) -> bool:
    if isinstance(step, syntax.Exit):
        return True
    if isinstance(step, syntax.Branch):
        return step.otherwise is not None and all(_block_ends(block) for block in _blocks(step))
    if isinstance(step, syntax.Split):
        return all(arm.holdout or _block_ends(arm.steps) for arm in step.arms)
    return False


def _block_ends(steps: tuple[syntax.Step, ...]) -> bool:
    return any(_always_ends(step) for step in steps)
