"""Conditions that can never hold, whatever the customer does."""

from __future__ import annotations

from collections.abc import Iterator

from dsl import syntax
from dsl.checks.subject import CheckedRule, Subject
from dsl.diagnostics import Diagnostic, Label
from dsl.measures import Measure, measure_of
from dsl.messages import say
from dsl.problems import Problems, replacement
from dsl.walk import of_type


def check_always_false(subject: Subject, found: list[Diagnostic]) -> None:
    for source, nodes in subject.indexes():
        problems = Problems(source, found)
        for between in of_type(nodes, syntax.Between):
            _check_between(between, problems)
        for together in of_type(nodes, syntax.And):
            _check_and(together, problems)
    for rule in subject.rules:
        _check_own_trigger(rule)


def _is_less(left: Measure | None, right: Measure | None) -> bool:
    return left is not None and right is not None and left[0] == right[0] and left[1] < right[1]  # type: ignore[operator]


def _check_between(node: syntax.Between, problems: Problems) -> None:
    if _is_less(measure_of(node.high), measure_of(node.low)):
        low, high = problems.source.slice(node.low.span), problems.source.slice(node.high.span)
        swapped = replacement(node.low.span.to(node.high.span), f"{high} and {low}")
        problems.warn(
            "W520",
            say("this can never be true"),
            Label(
                node.low.span.to(node.high.span),
                say("nothing is at least {low} and at most {high}", low=low, high=high),
            ),
            fixes=[swapped],
        )


def _check_and(node: syntax.And, problems: Problems) -> None:
    """`x is "a" and x is "b"`, `x > 10 and x < 5`: two parts about the same value that exclude each other."""
    parts = [part for part in node.operands if isinstance(part, syntax.Comparison)]
    for index, first in enumerate(parts):
        for second in parts[index + 1 :]:
            if _is_same_value(first.left, second.left) and _exclude(first, second):
                problems.warn(
                    "W520",
                    say("this can never be true"),
                    (
                        Label(second.span, say("this excludes the part before")),
                        Label(first.span, say("both are about the same value")),
                    ),
                    notes=[say("for one or the other, write `or`, or: in (…, …)")],
                )
                return


def _is_same_value(left: syntax.Value, right: syntax.Value) -> bool:
    return isinstance(left, syntax.Path) and left == right


def _exclude(first: syntax.Comparison, second: syntax.Comparison) -> bool:
    left, right = measure_of(first.right), measure_of(second.right)
    if left is None or right is None or left[0] != right[0]:
        return False
    for one, other, low, high in (
        (first.comparison, second.comparison, left, right),
        (second.comparison, first.comparison, right, left),
    ):
        if one == "is" and other == "is":
            return left[1] != right[1]
        if one in (">", ">=", "is") and other in ("<", "<=", "is"):
            touching = low[1] == high[1] and (one == ">" or other == "<")
            if touching or _is_less(high, low):
                return True
    return False


def _check_own_trigger(rule: CheckedRule) -> None:
    """The event that starts a run is part of history (D9), so `unless` it in the last days ends every run at once."""
    if not isinstance(rule.node.trigger, syntax.EventTrigger) or len(rule.node.trigger.events.names) != 1:
        return
    trigger = rule.node.trigger.events.names[0].text
    for condition in _never_at_start(rule.node):
        if str(condition.path) == trigger:
            within = rule.scope.source.words(condition.within.span)
            rule.scope.problems.warn(
                "W520",
                say("this rule never sends anything"),
                Label(
                    condition.span,
                    say("always true: {trigger} has just started the run, and it counts", trigger=trigger),
                ),
                notes=[say("for one run in a while, write: once per {written}", written=within)],
            )


def _never_at_start(rule: syntax.Rule) -> Iterator[syntax.InLast]:
    for clause in rule.clauses:
        if isinstance(clause, syntax.Unless) and isinstance(clause.condition, syntax.InLast):
            yield clause.condition
        elif isinstance(clause, syntax.OnlyIf):
            match clause.condition:
                case syntax.Not(operand=syntax.InLast() as inner):
                    yield inner
