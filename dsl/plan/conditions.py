"""Conditions as trees, and the events that fulfil one."""

from __future__ import annotations

from typing import Literal as OneWord
from typing import TypeAlias

from dsl.plan.operands import Constant, Length, Operand
from dsl.records import record

Comparison: TypeAlias = OneWord["is", "is not", ">", "<", ">=", "<="]


@record()
class All:
    operands: tuple[Expression, ...]


@record()
class Any:
    operands: tuple[Expression, ...]


@record()
class Not:
    operand: Expression


@record()
class Compare:
    left: Operand
    comparison: Comparison
    right: Operand


@record()
class Between:
    """Both ends belong to it."""

    value: Operand
    low: Operand
    high: Operand


@record()
class OneOf:
    value: Operand
    options: tuple[Constant, ...]


@record()
class Contains:
    """A text contains a text, ignoring case; a list contains an element, exactly."""

    value: Operand
    part: Operand


@record()
class StartsWith:
    value: Operand
    part: Operand


@record()
class IsKnown:
    value: Operand


@record()
class Happened:
    """The customer did `event` in the last `within`, or, without it, after the run began."""

    event: str
    within: Length | None = None


@record()
class InLast:
    """A date or moment of the customer or event lies in the last `within`, up to now."""

    value: Operand
    within: Length


@record()
class Arrived:
    """The nearest `wait for` above ended because its event came."""


@record()
class InSegment:
    """The customer fulfils the segment's condition at this moment; `Plan.segments` holds it."""

    segment: str


@record()
class Issued:
    """The nearest `issue promo` above found a code."""


Expression: TypeAlias = (
    All
    | Any
    | Not
    | Compare
    | Between
    | OneOf
    | Contains
    | StartsWith
    | IsKnown
    | Happened
    | InLast
    | Arrived
    | InSegment
    | Issued
)


@record(kw_only=True)
class EventMatch:
    """Any of `events`, where the condition (scope: the new event) holds, and where `same`, a property of both the
    new event and the run's event, is equal."""

    events: tuple[str, ...]
    where: Expression | None = None
    same: str | None = None
