"""Customers who happen to take the wanted arm of a split. Nothing is forced: the hash is the real one (S20)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from uuid import UUID

from dsl import plan
from dsl.messages import say
from engine.core.identity import customer_id, known_key
from engine.core.runs.splits import arm_of

_MOST_TRIES = 1_000_000


def name_of_one_who_takes(plan_: plan.Plan, arms: Mapping[str, str], *, base: str = "customer") -> str:
    """A customer's name, `base` or `base 2`, `base 3` …, who takes each arm (by its label) of each split (by name).

    Raises LookupError when a split or arm does not exist, or when nobody can take them all.
    """
    labels = arms_of(plan_)
    wanted = [
        (rule, split, arms[split.name])
        for rule, split in _splits(plan_)
        if arms.get(split.name) in {arm.label for arm in split.arms}
    ]
    for name, label in arms.items():
        if label not in labels.get(name, ()):
            raise LookupError(say('no split "{name}" has an arm "{label}"', name=name, label=label))
    for number in count(1):
        name = base if number == 1 else f"{base} {number}"
        if _takes(wanted, customer_id(known_key(name))):
            return name
        if number > _MOST_TRIES:
            raise LookupError(say("nobody takes {arms} at once", arms=dict(arms)))
    raise AssertionError("unreachable")


def arms_of(plan_: plan.Plan) -> dict[str, list[str]]:
    """The labels of the arms of each split, by its name."""
    found: dict[str, list[str]] = {}
    for _, split in _splits(plan_):
        labels = found.setdefault(split.name, [])
        labels.extend(arm.label for arm in split.arms if arm.label not in labels)
    return found


def _takes(wanted: list[tuple[str, plan.Split, str]], customer: UUID) -> bool:
    return all(arm_of(split, rule, customer).label == label for rule, split, label in wanted)


def _splits(plan_: plan.Plan) -> Iterator[tuple[str, plan.Split]]:
    for rule in plan_.rules:
        for step in rule.steps:
            if isinstance(step, plan.Split):
                yield rule.name, step
