"""What the rules of a plan listen to: the worker reads no more of an event than they do."""

from __future__ import annotations

from collections.abc import Iterator

from dsl import plan
from engine.core.delivery.bounces import bounce_events


def names_of_interest(plan_: plan.Plan) -> frozenset[str]:
    """Events that can start a run of these rules, or stop, cancel, resume or credit one under way."""
    return frozenset(name for rule in plan_.rules for name in _names(rule, plan_))


def _names(rule: plan.Rule, plan_: plan.Plan) -> Iterator[str]:
    match = plan.starting_match(rule.trigger)
    for name in match.events if match else ():
        yield name
        if name in plan_.events:
            yield from plan_.events[name].cancelled_by
    for stop in rule.stops:
        yield from stop.match.events
    if rule.goal:
        yield from rule.goal.match.events
    yield from bounce_events(rule)
    if isinstance(rule.trigger, plan.SequenceTrigger):
        for part in rule.trigger.then:
            yield from part.match.events
    for step in rule.steps:
        if isinstance(step, plan.WaitFor):
            yield from step.match.events
