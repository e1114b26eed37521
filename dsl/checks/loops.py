"""Rules that start each other for ever by `emit`, where nothing is seen that would end it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dsl import plan, syntax
from dsl.checks.circle_ends import may_end
from dsl.checks.subject import CheckedRule, Subject
from dsl.diagnostics import Diagnostic, Label
from dsl.messages import in_a_row, say
from dsl.walk import walk


@dataclass(frozen=True, slots=True)
class Link:
    """`rule` emits `event`, which starts the next rule of the circle."""

    rule: CheckedRule
    event: str


def check_loops(subject: Subject, found: list[Diagnostic]) -> None:
    """`once per` ends a circle; so may a condition that the circle itself can make false: those are let through, and
    stopped at run time by the depth of the cause."""
    followers = _followers([rule for rule in subject.rules if rule.compiled and not rule.compiled.once])
    reported: set[frozenset[str]] = set()
    for rule in subject.rules:
        circle = _circle(rule, followers)
        members = frozenset(link.rule.name for link in circle)
        if (
            circle
            and members not in reported
            and not may_end([link.rule for link in circle], {link.event for link in circle})
        ):
            reported.add(members)
            _report(circle)


def _followers(rules: Sequence[CheckedRule]) -> dict[str, list[tuple[str, CheckedRule]]]:
    """By rule name: each event it emits, with each rule that this starts."""
    starting: dict[str, list[CheckedRule]] = {}
    for rule in rules:
        for event in _starts(rule):
            starting.setdefault(event, []).append(rule)
    return {
        rule.name: [
            (emit.event, started)
            for emit in _emits(rule)
            for started in starting.get(emit.event, ())
            if _may_start(emit, started)
        ]
        for rule in rules
    }


def _starts(rule: CheckedRule) -> tuple[str, ...]:
    match = plan.starting_match(rule.compiled.trigger) if rule.compiled else None
    return match.events if match else ()


def _emits(rule: CheckedRule) -> Iterator[plan.Emit]:
    for step in rule.compiled.steps if rule.compiled else ():
        if isinstance(step, plan.Emit):
            yield step


def _may_start(emit: plan.Emit, rule: CheckedRule) -> bool:
    match = plan.starting_match(rule.compiled.trigger) if rule.compiled else None
    where = match.where if match else None
    return where is None or _holds(where, dict(emit.properties)) is not False


def _holds(expression: plan.Expression, given: dict[str, plan.Operand]) -> bool | None:
    """Whether it holds for an event with these properties; None: not known before it runs."""
    match expression:
        case plan.All(operands=operands):
            parts = [_holds(operand, given) for operand in operands]
            return False if False in parts else None if None in parts else True
        case plan.Any(operands=operands):
            parts = [_holds(operand, given) for operand in operands]
            return True if True in parts else None if None in parts else False
        case plan.Not(operand=operand):
            inner = _holds(operand, given)
            return None if inner is None else not inner
        case plan.Compare(left=plan.Property(name=name), comparison=comparison, right=plan.Constant() as right):
            return _compared(given.get(name), comparison, right)
        case plan.IsKnown(value=plan.Property(name=name)) if name not in given:
            return False
    return None


def _compared(left: plan.Operand | None, comparison: plan.Comparison, right: plan.Constant) -> bool | None:
    if left is None:
        return comparison == "is not"  # a missing value: only `is not` is true (S16)
    if not isinstance(left, plan.Constant) or comparison not in ("is", "is not"):
        return None
    return (left.value == right.value) is (comparison == "is")


def _circle(start: CheckedRule, followers: dict[str, list[tuple[str, CheckedRule]]]) -> list[Link]:
    """The shortest way from `start` back to itself; empty without one."""
    ways: list[list[Link]] = [[Link(start, event)] for event, _ in followers.get(start.name, ())]
    ends = [rule for _, rule in followers.get(start.name, ())]
    passed: set[str] = set()
    while ways:
        way, end = ways.pop(0), ends.pop(0)
        if end is start:
            return way
        if end.name in passed:
            continue
        passed.add(end.name)
        for event, rule in followers.get(end.name, ()):
            ways.append([*way, Link(end, event)])
            ends.append(rule)
    return []


def _report(circle: Sequence[Link]) -> None:
    first = circle[0]
    emit = next(
        node for node in walk(first.rule.node.steps) if isinstance(node, syntax.Emit) and node.event.text == first.event
    )
    way = in_a_row(" -> ", (say('rule "{rule}" -> {event}', rule=link.rule.name, event=link.event) for link in circle))
    message = (
        say("this rule starts itself for ever") if len(circle) == 1 else say("these rules start each other for ever")
    )
    first.rule.scope.problems.error(
        "E313",
        message,
        Label(emit.span, say('{way} -> rule "{rule}"', way=way, rule=first.rule.name)),
        notes=[say("say when it ends: once per customer, or a `where` that the emitted event does not meet")],
    )
