"""Why a condition holds or not: each part of it with its own result and the values it saw.

Every part is judged by the same generated function that the engine runs, so what is told is what was decided.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from zoneinfo import ZoneInfo

from dsl import plan
from dsl.plan import JSON
from engine.core.conditions.expressions import test_of
from engine.core.conditions.recall import recall_of
from engine.core.conditions.scope import Scope
from engine.core.runs.deeds import Recall, read_operand
from engine.core.values import Values

_OPERANDS = (plan.Constant, plan.Property, plan.Attribute, plan.Tally, plan.LastValue, plan.DaysSince)


@dataclass(frozen=True, slots=True)
class Traced:
    """A condition, whether it holds, the parts it is made of, and the values that it compared."""

    condition: plan.Expression
    holds: bool
    parts: tuple[Traced, ...] = ()
    values: tuple[tuple[plan.Operand, JSON], ...] = ()  # None: unknown

    def deciding(self) -> Iterator[Traced]:
        """The smallest parts that made the whole come out as it did."""
        match self.condition:
            case plan.All() | plan.Any():
                for part in self.parts:
                    if part.holds == self.holds:
                        yield from part.deciding()
            case plan.Not():
                yield from self.parts[0].deciding()
            case plan.InSegment():
                yield self
                for part in self.parts:
                    yield from part.deciding()
            case _:
                yield self


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What a condition sees: the event, the customer's attributes, the moment, and how history is read."""

    event: Values
    attributes: Values
    scope: Scope
    recall: Recall
    currency: str | None
    zone: ZoneInfo | None


def trace(condition: plan.Expression, sight: Sight) -> Traced:
    """A segment has one part, its definition, judged as for every rule: without an event, by the customer's clock."""
    test = test_of(condition, sight.currency, zone=sight.zone)
    if isinstance(condition, plan.InSegment) and (segment := sight.scope.segments.get(condition.segment)):
        is_in = test(sight.event, sight.attributes, sight.scope)
        return Traced(condition, is_in, (trace(segment.condition, _of_segment(sight)),))
    return Traced(
        condition,
        test(sight.event, sight.attributes, sight.scope),
        tuple(trace(part, sight) for part in _parts(condition)),
        tuple((operand, _value(operand, sight)) for operand in _operands(condition)),
    )


def _of_segment(sight: Sight) -> Sight:
    recall = recall_of(sight.scope, {}, sight.attributes, currency=sight.currency, zone=None)
    return replace(sight, event={}, recall=recall, zone=None)


def _parts(condition: plan.Expression) -> tuple[plan.Expression, ...]:
    match condition:
        case plan.All(operands=operands) | plan.Any(operands=operands):
            return operands
        case plan.Not(operand=operand):
            return (operand,)
        case _:
            return ()


def _operands(condition: plan.Expression) -> Iterator[plan.Operand]:
    """What a condition about values compares, save what the rule itself says."""
    for field in fields(condition):
        value = getattr(condition, field.name)
        if isinstance(value, _OPERANDS) and not isinstance(value, plan.Constant):
            yield value


def _value(operand: plan.Operand, sight: Sight) -> JSON:
    return read_operand(operand, sight.event, sight.attributes, sight.recall)
