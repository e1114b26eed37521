"""W506: a row of sends of which the rule's own limit always skips the last."""

from __future__ import annotations

from dsl import syntax
from dsl.around import Around
from dsl.checks.subject import CheckedRule
from dsl.compiling.lengths import about_seconds
from dsl.diagnostics import Label
from dsl.lints.reading import blocks
from dsl.messages import say

LONG_WAITS = (syntax.WaitFor, syntax.WaitUntilClock, syntax.WaitUntilDate, syntax.WaitUntilMoment)


def lint_more_than_its_cap(rule: CheckedRule, around: Around) -> None:
    for clause in rule.node.clauses:
        if isinstance(clause, syntax.Cap):
            for steps in blocks(rule.node.steps):
                _check_row(clause, steps, rule)


def _check_row(cap: syntax.Cap, steps: tuple[syntax.Step, ...], rule: CheckedRule) -> None:
    """Only sends in one row, without a wait between them that could end the time of the limit."""
    count = waited = 0
    for step in steps:
        if isinstance(step, syntax.Wait):
            waited += about_seconds(step.duration)
        elif isinstance(step, LONG_WAITS):
            count = waited = 0
        elif isinstance(step, syntax.Send) and cap.channel in (None, step.first.channel):
            count += 1
            calendar = cap.per.unit not in ("second", "minute", "hour") and waited > 0
            if count > cap.limit and waited < about_seconds(cap.per) and not calendar:
                rule.scope.problems.warn(
                    "W506",
                    say("this message is always skipped"),
                    (
                        Label(step.span, say("number {count} in this row", count=count)),
                        Label(cap.span, say("and no more than {limit} are allowed", limit=cap.limit)),
                    ),
                    notes=[say("wait {per} before it, or raise the limit", per=rule.scope.source.words(cap.per.span))],
                )
                return
