"""The rule that somebody means."""

from __future__ import annotations

from dsl.messages import say
from dsl.plan import Plan, Rule
from dsl.suggestions import nearest
from engine.errors import ConfigurationError


def rule_named(plan: Plan, name: str) -> Rule:
    """By its whole name, or by a part of it that no other rule has."""
    exact = [rule for rule in plan.rules if rule.name == name]
    partly = [rule for rule in plan.rules if name.casefold() in rule.name.casefold()]
    found = exact or partly
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(f'"{each.name}"' for each in found)
        raise ConfigurationError(say('"{name}" is in the name of several rules: {names}', name=name, names=names))
    near = nearest(name, [rule.name for rule in plan.rules])
    if near:
        raise ConfigurationError(
            say('there is no rule called "{name}"; did you mean "{near}"?', name=name, near=near[0])
        )
    raise ConfigurationError(say('there is no rule called "{name}"', name=name))
