"""W522: a condition that holds for everybody, so it filters nothing."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeAlias

from dsl import syntax
from dsl.around import Around
from dsl.checks.subject import CheckedRule
from dsl.diagnostics import Label
from dsl.messages import say
from dsl.walk import of_type

_Said: TypeAlias = "tuple[Hashable, bool]"

#: Comparisons of two that are opposites, each as the one that is kept and whether it is said or denied.
SAID_AS = {
    "is": ("is", True),
    "is not": ("is", False),
    ">": (">", True),
    "<=": (">", False),
    "<": ("<", True),
    ">=": ("<", False),
}


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
    """One look at each part: thousands of them cost no more than that."""
    seen: set[_Said] = set()
    excluded: dict[syntax.Value, str] = {}  # the first text that a value `is not`
    for part in either.operands:
        about, holds = _said(part)
        if (about, not holds) in seen or _leaves_out_another(part, excluded):
            _warn(part, rule, say("this or the part before always holds; was `and` meant?"))
            return
        seen.add((about, holds))


def _said(part: syntax.Condition) -> _Said:
    """What a part speaks of, and whether it says so or denies it."""
    match part:
        case syntax.Not(operand=inner):
            about, holds = _said(inner)
            return about, not holds
        case syntax.IsKnown(value=value, known=known):
            return ("known", value), known
        case syntax.Comparison(left=left, comparison=comparison, right=right):
            kept, holds = SAID_AS[comparison]
            return (kept, left, right), holds
    return part, True


def _leaves_out_another(part: syntax.Condition, excluded: dict[syntax.Value, str]) -> bool:
    match part:
        case syntax.Comparison(left=left, comparison="is not", right=syntax.Text(text=text)):
            return excluded.setdefault(left, text) != text
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
