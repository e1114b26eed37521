"""Values: what is written down, and what is asked of the customer, the event and the history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias
from typing import Literal as OneWord

from dsl.syntax.base import Name, Node, Text, Unit

if TYPE_CHECKING:
    from dsl.syntax.conditions import Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Node):
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Percent(Node):
    value: Decimal  # 45 for 45%


@dataclass(frozen=True, slots=True, kw_only=True)
class Money(Node):
    amount: Decimal
    currency: str  # ISO 4217


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag(Node):
    """`yes` or `no` where a value is given: `set customer.subscribed to yes`. In conditions see IsFlag."""

    value: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Placeholder(Node):
    """`<tier>` in a line of a test with examples. The parser refuses it in rule files."""

    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Date(Node):
    value: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockTime(Node):
    value: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration(Node):
    amount: int
    unit: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Path(Node):
    """`customer.city`, `event.total`, `vip`, `order_placed`: `root` is "customer", "event" or any other first word."""

    parts: tuple[Name, ...]

    @property
    def root(self) -> str:
        return self.parts[0].text

    def __str__(self) -> str:
        return ".".join(part.text for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate(Node):
    """`count of order_placed where (total > 1000 RUB) in last 90 days`."""

    function: OneWord["count", "sum", "average"]
    path: Path  # event, or event.property
    where: Condition | None = None
    within: Duration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LastValue(Node):
    """`last order_placed.total`."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysSince(Node):
    event: Name


Value: TypeAlias = (
    Number
    | Percent
    | Money
    | Text
    | Flag
    | Date
    | ClockTime
    | Duration
    | Path
    | Aggregate
    | LastValue
    | DaysSince
    | Placeholder
)
