"""W522: a condition that holds for everybody, so it filters nothing."""

from __future__ import annotations

from dsl import syntax
from dsl.around import Around
from dsl.checks.subject import CheckedRule
from dsl.diagnostics import Label
from dsl.messages import say
from dsl.walk import of_type

OPPOSITE = {"is": "is not", "is not": "is", ">": "<=", "<=": ">", "<": ">=", ">=": "<"}


def lint_always_true(rule: CheckedRule, around: Around) -> None:
    for either in of_type(rule.nodes, syntax.Or):
        _check_opposites(either, rule)
    for node in of_type(rule.nodes, syntax.Comparison):
        if isinstance(node.left, syntax.Path) and node.left == node.right:
            _warn(node, rule, say("a value is compared with itself"))
        elif _is_any_count(node):
            _warn(node, rule, say("a count is never below zero"))
    _check_own_trigger(rule)


def _warn(node: syntax.Node, rule: CheckedRule, why: str) -> None:
    rule.scope.problems.warn(
        "W522",
        say("this is true for everybody"),
        Label(node.span, why),
        notes=[say("leave it out, or write what it should filter")],
    )


def _check_opposites(either: syntax.Or, rule: CheckedRule) -> None:
    parts = either.operands
    for index, first in enumerate(parts):
        for second in parts[index + 1 :]:
            if _are_opposite(first, second):
                _warn(second, rule, say("this or the part before always holds; was `and` meant?"))
                return


def _are_opposite(first: syntax.Condition, second: syntax.Condition) -> bool:
    match first, second:
        case syntax.IsKnown(), syntax.IsKnown():
            return first.value == second.value and first.known is not second.known
        case syntax.Comparison(), syntax.Comparison():
            if first.left != second.left:
                return False
            if first.comparison == second.comparison == "is not":
                return first.right != second.right and isinstance(first.right, syntax.Text)
            return first.right == second.right and OPPOSITE[first.comparison] == second.comparison
        case syntax.Not(operand=inner), _:
            return inner == second
        case _, syntax.Not(operand=inner):
            return inner == first
    return False


def _is_any_count(node: syntax.Comparison) -> bool:
    counted = isinstance(node.left, syntax.Aggregate) and node.left.function == "count"
    zero = isinstance(node.right, syntax.Number) and node.right.value == 0
    return counted and zero and node.comparison == ">="


def _check_own_trigger(rule: CheckedRule) -> None:
    """`only if order_placed in last 3 days` in a rule that order_placed starts, and that does not wait."""
    trigger = rule.node.trigger
    if not isinstance(trigger, syntax.EventTrigger) or len(trigger.events.names) != 1 or rule.node.delay:
        return
    if rule.nodes.get(syntax.Wait) or rule.nodes.get(syntax.WaitUntilMoment):
        return
    for clause in rule.node.clauses:
        match clause:
            case syntax.OnlyIf(condition=syntax.InLast(path=path) as condition):
                if str(path) == trigger.events.names[0].text:
                    _warn(condition, rule, say("{event} has just started the run, and it counts", event=path))
