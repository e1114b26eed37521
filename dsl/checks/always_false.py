"""Conditions that can never hold, whatever the customer does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from dsl import syntax
from dsl.checks.subject import CheckedRule, Subject
from dsl.diagnostics import Diagnostic, Label
from dsl.measures import Measure, is_below, measure_of
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
    return left is not None and right is not None and left[0] == right[0] and is_below(left[1], right[1])


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
    limits: dict[tuple[syntax.Path, str], _Limits] = {}
    for part in node.operands:
        if not isinstance(part, syntax.Comparison) or not isinstance(part.left, syntax.Path):
            continue
        measure = measure_of(part.right)
        if measure is None:
            continue
        first = limits.setdefault((part.left, measure[0]), _Limits()).taken(part, measure[1])
        if first is not None:
            problems.warn(
                "W520",
                say("this can never be true"),
                (
                    Label(part.span, say("this excludes the part before")),
                    Label(first.span, say("both are about the same value")),
                ),
                notes=[say("for one or the other, write `or`, or: in (…, …)")],
            )
            return


@dataclass(slots=True)
class _Limits:
    """What the parts so far leave of one value: whoever meets the tightest of them meets the others."""

    low: _Limit | None = None
    high: _Limit | None = None

    def taken(self, part: syntax.Comparison, value: Decimal | str) -> syntax.Comparison | None:
        """Narrow it to what this part leaves too; the part that it cannot hold with, if there is one."""
        limit = _Limit(value, part.comparison in (">", "<"), part)
        is_low, is_high = part.comparison in (">", ">=", "is"), part.comparison in ("<", "<=", "is")
        if is_low and self.high and not _leaves_any(limit, self.high):
            return self.high.part
        if is_high and self.low and not _leaves_any(self.low, limit):
            return self.low.part
        if is_low and (self.low is None or not _leaves_any(limit, self.low.turned)):
            self.low = limit
        if is_high and (self.high is None or not _leaves_any(self.high.turned, limit)):
            self.high = limit
        return None


@dataclass(frozen=True, slots=True)
class _Limit:
    value: Decimal | str
    is_strict: bool
    part: syntax.Comparison

    @property
    def turned(self) -> _Limit:
        """The limit of what this one leaves out: of `> 5` it is `<= 5`."""
        return replace(self, is_strict=not self.is_strict)


def _leaves_any(low: _Limit, high: _Limit) -> bool:
    if low.value == high.value:
        return not low.is_strict and not high.is_strict
    return is_below(low.value, high.value)


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
