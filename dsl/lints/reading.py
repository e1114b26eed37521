"""What several lints ask about a rule."""

from __future__ import annotations

from collections.abc import Iterator

from dsl import syntax
from dsl.checks.subject import CheckedRule
from dsl.kinds import Kind
from dsl.scope import Scope
from dsl.source import Span

TIMED: tuple[type[syntax.Node], ...] = (
    syntax.ScheduleTrigger,
    syntax.DateTrigger,
    syntax.WaitUntilClock,
    syntax.WaitUntilDate,
    syntax.WaitUntilMoment,
)


def head(rule: syntax.Rule) -> Span:
    """Where to point at a rule as a whole."""
    return rule.name.span if rule.name else rule.trigger.span


def blocks(steps: tuple[syntax.Step, ...]) -> Iterator[tuple[syntax.Step, ...]]:
    """The row of steps itself, and every one inside it."""
    yield steps
    for step in steps:
        if isinstance(step, syntax.Branch):
            for arm in step.arms:
                yield from blocks(arm.steps)
            yield from blocks(step.otherwise or ())
        elif isinstance(step, syntax.Split):
            for part in step.arms:
                yield from blocks(part.steps)


def kind_of(path: syntax.Path, scope: Scope) -> Kind | None:
    """Of `customer.x` and `event.x`; None where it has no one kind."""
    if len(path.parts) != 2:
        return None
    name = path.parts[1].text
    if path.root == "customer":
        return scope.catalog.attributes.get(name)
    kinds = [event.properties.get(name) for event in scope.events or ()] if path.root == "event" else []
    return kinds[0] if kinds and all(kind == kinds[0] for kind in kinds) else None


def clauses(rule: CheckedRule, kind: type[syntax.Node]) -> Iterator[syntax.Clause]:
    return (clause for clause in rule.node.clauses if isinstance(clause, kind))


def sends_to_customers(rule: CheckedRule) -> bool:
    return bool(rule.nodes.get(syntax.Send))


def clock_times(rule: CheckedRule) -> Iterator[syntax.ClockTime]:
    """Times of day at which this rule does something."""
    for kind in TIMED:
        for node in rule.nodes.get(kind, ()):
            at = getattr(node, "at", None)
            if isinstance(at, syntax.ClockTime):
                yield at
