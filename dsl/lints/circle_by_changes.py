"""W505: rules that may start each other by what they change, beside the circles of `emit` alone (E313).

A value that is set again is no change, and a tag that is added again is none: a circle goes on only where it changes
something to and fro, or counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from dsl.diagnostics import Label
from dsl.lints.outline import RuleOutline
from dsl.lints.outline_changes import ANY, TAGS
from dsl.lints.workspace import Whole
from dsl.messages import in_a_row, say

Segments = Mapping[str, tuple[str, ...]]


def lint_circle_by_changes(whole: Whole) -> None:
    rules = [rule for rule in whole.rules() if rule.changes and rule.starts_on and not rule.once]
    if not any(_by_change(rule) for rule in rules):
        return  # circles of events alone are E313
    segments = {name: depends for file in whole.files for name, depends in file.segments}
    followers = _followers(rules, segments)
    told: set[frozenset[str]] = set()
    for rule in rules:
        circle = _circle(rule, followers, segments)
        members = frozenset(each.name for each in circle)
        if members and members not in told:
            told.add(members)
            _report(whole, circle)


def _by_change(rule: RuleOutline) -> bool:
    return any(not start.startswith("event ") for start in rule.starts_on)


def _followers(rules: Sequence[RuleOutline], segments: Segments) -> dict[str, list[RuleOutline]]:
    """By rule: those that its changes start, as far as the changes of all rules let it happen again and again."""
    changes = {change for rule in rules for change in rule.changes}
    starting: dict[str, list[tuple[str, RuleOutline]]] = {}
    for rule in rules:
        for start in rule.starts_on:
            for each in _fed_by(start, segments):
                if _comes_again(each, changes):
                    starting.setdefault(_place(each), []).append((each, rule))
    return {
        rule.name: [
            follower
            for change in rule.changes
            for start, follower in starting.get(_place(change), ())
            if _starts(change, start)
        ]
        for rule in rules
    }


def _fed_by(start: str, segments: Segments, passed: frozenset[str] = frozenset()) -> Iterator[str]:
    """A start as the changes that lead to it; a segment by all that it depends on, other segments included."""
    name = start.removeprefix("segment ")
    if name == start:
        yield start
    elif name not in passed:
        for each in segments.get(name, ()):
            yield from _fed_by(each, segments, passed | {name})


def _goes_on(circle: Sequence[RuleOutline], segments: Segments) -> bool:
    """Whether each rule of the circle can be started again by what the circle itself changes."""
    changes = {change for rule in circle for change in rule.changes}
    return all(
        any(_comes_again(each, changes) for start in rule.starts_on for each in _fed_by(start, segments))
        for rule in circle
    )


def _comes_again(start: str, changes: Iterable[str]) -> bool:
    here = [change for change in changes if _place(change) == _place(start)]
    if not any(_starts(change, start) for change in here):
        return False
    if start.startswith("event "):
        return True
    if _place(start) == TAGS:
        added, removed = ({each[len(TAGS) + 3 :] for each in here if each[len(TAGS) + 1] == sign} for sign in "+-")
        return bool(added & removed)
    values = {_value(change) for change in here}
    return ANY in values or len(values) > 1


def _starts(change: str, start: str) -> bool:
    """Of the same place: `changes to "gold"` wants that value, or one that is known only when it runs."""
    return not _value(start) or _value(change) in (_value(start), ANY)


def _place(change: str) -> str:
    """What is changed, without the value."""
    return change if change.startswith("event ") else change.partition(" ")[0]


def _value(change: str) -> str:
    return "" if change.startswith("event ") else change.partition(" = ")[2]


def _circle(
    start: RuleOutline, followers: Mapping[str, Sequence[RuleOutline]], segments: Segments
) -> list[RuleOutline]:
    """The shortest way from `start` back to itself that goes on; empty without one."""
    ways = [[start]]
    passed: set[str] = set()
    while ways:
        way = ways.pop(0)
        for rule in followers.get(way[-1].name, ()):
            if rule is start and any(map(_by_change, way)) and _goes_on(way, segments):
                return way
            if rule is not start and rule.name not in passed:
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
