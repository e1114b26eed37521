"""What a condition looks at, so that it is asked again when that changes, and not otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from dsl import plan


@dataclass(frozen=True, slots=True)
class Reads:
    events: frozenset[str]
    attributes: frozenset[str]  # the names after `customer.`, without what lies inside them
    follows_time: bool  # time alone can change the truth


def reads_of(expression: plan.Expression, segments: Mapping[str, plan.Segment]) -> Reads:
    """Through segments, however deep."""
    nodes = list(parts(expression, segments))
    return Reads(
        events=frozenset(
            node.event
            for node in nodes
            if isinstance(node, plan.Happened | plan.Tally | plan.LastValue | plan.DaysSince)
        ),
        attributes=frozenset(node.name.partition(".")[0] for node in nodes if isinstance(node, plan.Attribute)),
        follows_time=any(_follows_time(node) for node in nodes),
    )


def gate_of(expression: plan.Expression, segments: Mapping[str, plan.Segment]) -> plan.Expression | None:
    """What a condition asks of attributes alone: as long as it does not hold, neither time nor an event changes
    anything. None: nothing."""
    operands = expression.operands if isinstance(expression, plan.All) else (expression,)
    fixed = tuple(each for each in operands if _is_fixed(reads_of(each, segments)))
    return plan.All(fixed) if fixed else None


def _is_fixed(reads: Reads) -> bool:
    return not reads.events and not reads.follows_time


def parts(tree: Any, segments: Mapping[str, plan.Segment], passed: frozenset[str] = frozenset()) -> Iterator[Any]:
    """Every node of a condition. A segment that leads back to itself is passed once: plans come from outside."""
    if isinstance(tree, tuple):
        for each in tree:
            yield from parts(each, segments, passed)
    elif is_dataclass(tree) and not isinstance(tree, plan.Length):
        yield tree
        if isinstance(tree, plan.InSegment) and tree.segment in segments and tree.segment not in passed:
            yield from parts(segments[tree.segment].condition, segments, passed | {tree.segment})
        for field in fields(tree):
            yield from parts(getattr(tree, field.name), segments, passed)


def _follows_time(node: Any) -> bool:
    if isinstance(node, plan.InLast | plan.DaysSince):
        return True
    return isinstance(node, plan.Happened | plan.Tally) and node.within is not None
