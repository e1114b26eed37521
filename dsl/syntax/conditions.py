"""What can be true of a customer at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneWord
from typing import TypeAlias

from dsl.syntax.base import Name, Node
from dsl.syntax.values import Duration, Path, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Or(Node):
    operands: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class And(Node):
    operands: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not(Node):
    operand: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(Node):
    left: Value
    comparison: OneWord["is", "is not", ">", "<", ">=", "<="]
    right: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class IsFlag(Node):
    """`customer.subscribed is yes`."""

    value: Value
    yes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IsKnown(Node):
    value: Value
    known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Between(Node):
    value: Value
    low: Value
    high: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf(Node):
    """`customer.city in ("Moscow", "Kazan")`, `customer in vip`, `customer.city in big_cities`."""

    value: Value
    group: tuple[Value, ...] | Name
    negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Contains(Node):
    value: Value
    part: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class StartsWith(Node):
    value: Value
    part: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class InLast(Node):
    """`order_placed in last 3 days` and `customer.last_visit in last 14 days`."""

    path: Path
    within: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived(Node):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued(Node):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth(Node):
    """A bare value as a condition: a definition's name, an event since the run began, or a mistake."""

    value: Value


Condition: TypeAlias = (
    Or
    | And
    | Not
    | Comparison
    | IsFlag
    | IsKnown
    | Between
    | OneOf
    | Contains
    | StartsWith
    | InLast
    | Arrived
    | Issued
    | Truth
)
