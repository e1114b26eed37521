"""W505: rules that may start each other by what they change, beside the circles of `emit` alone (E313)."""

from __future__ import annotations

from dsl.diagnostics import Label
from dsl.lints.outline import RuleOutline
from dsl.lints.workspace import Whole
from dsl.messages import in_a_row, say


def lint_circle_by_changes(whole: Whole) -> None:
    rules = [rule for rule in whole.rules() if rule.changes and rule.starts_on and not rule.once]
    if not any(not start.startswith("event ") for rule in rules for start in rule.starts_on):
        return  # circles of events alone are E313
    followers = _followers(rules, _segments(whole))
    told: set[frozenset[str]] = set()
    for rule in rules:
        circle = _circle(rule, followers)
        members = frozenset(each.name for each in circle)
        if circle and members not in told and any(_by_change(each) for each in circle):
            told.add(members)
            _report(whole, circle)


def _segments(whole: Whole) -> dict[str, tuple[str, ...]]:
    return {name: depends for file in whole.files for name, depends in file.segments}


def _by_change(rule: RuleOutline) -> bool:
    return any(not start.startswith("event ") for start in rule.starts_on)


def _followers(rules: list[RuleOutline], segments: dict[str, tuple[str, ...]]) -> dict[str, list[RuleOutline]]:
    starting: dict[str, list[RuleOutline]] = {}
    for rule in rules:
        for start in rule.starts_on:
            depends = segments.get(start.removeprefix("segment "), ()) if start.startswith("segment ") else (start,)
            for each in depends:
                starting.setdefault(each, []).append(rule)
    return {rule.name: [each for change in rule.changes for each in starting.get(change, ())] for rule in rules}


def _circle(start: RuleOutline, followers: dict[str, list[RuleOutline]]) -> list[RuleOutline]:
    """The shortest way from `start` back to itself; empty without one."""
    ways = [[start]]
    passed: set[str] = set()
    while ways:
        way = ways.pop(0)
        for rule in followers.get(way[-1].name, ()):
            if rule is start:
                return way
            if rule.name not in passed:
                passed.add(rule.name)
                ways.append([*way, rule])
    return []


def _report(whole: Whole, circle: list[RuleOutline]) -> None:
    first = circle[0]
    way = in_a_row(" -> ", [f'"{rule.name}"' for rule in (*circle, first)])
    whole.warn(
        "W505",
        say("this rule may start itself again and again")
        if len(circle) == 1
        else say("these rules may start each other again and again"),
        first.path,
        [Label(first.span, way)],
        notes=[say("say when it ends: once per customer, or a condition that the change makes false")],
    )
