"""W504: two rules that write to the same customer about the same event at the same time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from dsl.diagnostics import Label
from dsl.lints.exclusion import exclude_each_other
from dsl.lints.outline import RuleOutline
from dsl.lints.parts import Written
from dsl.lints.same_template_twice import apart
from dsl.lints.workspace import Whole
from dsl.messages import say

#: What a rule wants to be exactly so, by path and unit.
Exact: TypeAlias = "dict[tuple[str, str], Written]"

NEAR = 3_600  # seconds between two first messages that a customer feels as one
MOST = 10  # rules before it with which a rule is compared


def lint_competing_rules(whole: Whole) -> None:
    """One warning for each rule, with all that compete with it."""
    by_event: dict[str, list[tuple[RuleOutline, Exact]]] = {}
    for rule in whole.rules():
        if not rule.sends or rule.transactional or rule.sends[0].after is None:
            continue
        exact = _exact(rule)
        found: dict[str, tuple[RuleOutline, str]] = {}  # by name of the other: on which event
        for event in rule.events:
            before = by_event.setdefault(event, [])
            other = next(
                (each for each, its in before[-MOST:] if not _differ(its, exact) and _compete(each, rule)), None
            )
            before.append((rule, exact))
            if other:
                found.setdefault(other.name, (other, event))
        if found:
            _report(whole, rule, list(found.values()))


def _exact(rule: RuleOutline) -> Exact:
    return {(part.path, part.unit): part.value for part in rule.parts if part.comparison == "is"}


def _differ(first: Exact, second: Exact) -> bool:
    """The quick way to see that nobody meets both: one wants another value than the other."""
    return any(key[1] != "texts" and first.get(key, value) != value for key, value in second.items())


def _compete(first: RuleOutline, second: RuleOutline) -> bool:
    one, other = first.sends[0].after, second.sends[0].after
    if one is None or other is None or abs(one - other) >= NEAR or apart(first, second):
        return False
    return not exclude_each_other(first.parts, second.parts)


def _report(whole: Whole, rule: RuleOutline, found: Sequence[tuple[RuleOutline, str]]) -> None:
    notes = [say("the other one: {place}", place=whole.place(other.path, other.span)) for other, _ in found]
    whole.warn(
        "W504",
        say("two rules write to the same customer about {event}", event=found[0][1]),
        rule.path,
        [Label(rule.span, say('within an hour of "{name}"', name=other.name)) for other, _ in found],
        notes=[
            *notes,
            *_counted(whole, dict.fromkeys(event for _, event in found)),
            say("let their conditions exclude each other (`only if` here, `unless` there), or make them one rule"),
        ],
    )


def _counted(whole: Whole, events: Iterable[str]) -> Iterator[str]:
    observed = whole.around.observed
    for event in events:
        if observed and (seen := observed.events.get(event)) is not None:
            yield say("last {days} days: {count} {event}", days=observed.days, count=f"{seen:,}", event=event)
