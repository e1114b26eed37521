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
    names = trigger.events.names if isinstance(trigger, syntax.EventTrigger) else ()
    started_by = names[0].text if len(names) == 1 else None
    for node in of_type(rule.nodes, syntax.Comparison):
        left, right = node.left, node.right
        if not isinstance(left, syntax.Aggregate) or left.function != "count" or not isinstance(right, syntax.Number):
            continue
        own = left.where is None and str(left.path) == started_by
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
