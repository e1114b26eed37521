"""W520 for counts: the event that started the run is part of history (D9), so it was never done zero times."""

from __future__ import annotations

from decimal import Decimal

from dsl import syntax
from dsl.around import Around
from dsl.checks.subject import CheckedRule
from dsl.diagnostics import Label
from dsl.messages import say
from dsl.problems import replacement
from dsl.walk import of_type


def lint_never_the_first(rule: CheckedRule, around: Around) -> None:
    trigger = rule.node.trigger
    started = isinstance(trigger, syntax.EventTrigger) and len(trigger.events.names) == 1
    for node in of_type(rule.nodes, syntax.Comparison):
        left, right = node.left, node.right
        if not isinstance(left, syntax.Aggregate) or left.function != "count" or not isinstance(right, syntax.Number):
            continue
        own = started and left.where is None and str(left.path) == trigger.events.names[0].text  # type: ignore[union-attr]
        if _is_never(node.comparison, right.value, least=Decimal(1) if own else Decimal(0)):
            fix = [replacement(right.span, "1")] if own and node.comparison == "is" else []
            why = (
                say("{event} has just started the run, and it counts", event=left.path)
                if own
                else say("a count is never below zero")
            )
            rule.scope.problems.warn("W520", say("this can never be true"), Label(node.span, why), fixes=fix)


def _is_never(comparison: str, value: Decimal, *, least: Decimal) -> bool:
    match comparison:
        case "is" | "<=":
            return value < least
        case "<":
            return value <= least
    return False
