"""Who would not be started by a publication, because they are past the mark of a rule already (S13)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from dsl.differences import RuleDifference
from dsl.plan import InactivityTrigger, Plan, Rule, SegmentTrigger, Trigger
from engine.actions import ACTIONS
from engine.core.conditions.program import load_program
from engine.core.standing.asked_for import has_mark
from engine.flow.publishing.include_past import OnLook, count_past
from engine.storage.database import Connection


def marks_that_are_new(live: Plan, rules: Sequence[RuleDifference]) -> Iterator[str]:
    """Names of rules that are added, or that wait for something else from now on."""
    before = {rule.name: rule for rule in live.rules}
    for difference in rules:
        rule = difference.rule
        if difference.kind != "removed" and has_mark(rule.trigger) and _mark(rule) != _mark(before.get(rule.name)):
            yield rule.name


def _mark(rule: Rule | None) -> Trigger | None:
    """A delay is counted from the mark, and moves nothing."""
    trigger = rule.trigger if rule is not None else None
    return replace(trigger, delay=None) if isinstance(trigger, InactivityTrigger | SegmentTrigger) else None


async def people_past(
    connection: Connection, plan: Plan, rules: Sequence[str], *, on_look: OnLook
) -> Mapping[str, int | None]:
    """By rule. Conditions of the rule besides the mark are not asked."""
    program = load_program(plan, 0, ACTIONS)
    counts = await count_past(connection, program, [program.by_name[name] for name in rules], on_look=on_look)
    return {name: counts[name] for name in rules}
