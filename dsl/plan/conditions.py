"""Conditions as trees, and the events that fulfil one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneWord
from typing import TypeAlias

from dsl.plan.operands import Constant, Length, Operand

Comparison: TypeAlias = OneWord["is", "is not", ">", "<", ">=", "<="]


@dataclass(frozen=True, slots=True)
class All:
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Any:
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    operand: Expression


@dataclass(frozen=True, slots=True)
class Compare:
    left: Operand
    comparison: Comparison
    right: Operand


@dataclass(frozen=True, slots=True)
class Between:
    """Both ends belong to it."""

    value: Operand
    low: Operand
    high: Operand


@dataclass(frozen=True, slots=True)
class OneOf:
    value: Operand
    options: tuple[Constant, ...]


@dataclass(frozen=True, slots=True)
class Contains:
    """A text contains a text, ignoring case; a list contains an element, exactly."""

    value: Operand
    part: Operand


@dataclass(frozen=True, slots=True)
class StartsWith:
    value: Operand
    part: Operand


@dataclass(frozen=True, slots=True)
class IsKnown:
    value: Operand


@dataclass(frozen=True, slots=True)
class Happened:
    """The customer did `event` in the last `within`, or, without it, after the run began."""

    event: str
    within: Length | None = None


@dataclass(frozen=True, slots=True)
class InLast:
    """A date or moment of the customer or event lies in the last `within`, up to now."""

    value: Operand
    within: Length


@dataclass(frozen=True, slots=True)
class Arrived:
    """The nearest `wait for` above ended because its event came."""


@dataclass(frozen=True, slots=True)
class InSegment:
    """The customer fulfils the segment's condition at this moment; `Plan.segments` holds it."""

    segment: str


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class EventMatch:
    """Any of `events`, where the condition (scope: the new event) holds, and where `same`, a property of both the
    new event and the run's event, is equal."""

    events: tuple[str, ...]
    where: Expression | None = None
    same: str | None = None
