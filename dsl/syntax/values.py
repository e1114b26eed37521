"""Values: what is written down, and what is asked of the customer, the event and the history."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias
from typing import Literal as OneWord

from dsl.records import record
from dsl.syntax.base import Name, Node, Text, Unit

if TYPE_CHECKING:
    from dsl.syntax.conditions import Condition


@record(kw_only=True)
class Number(Node):
    value: Decimal


@record(kw_only=True)
class Percent(Node):
    value: Decimal  # 45 for 45%


@record(kw_only=True)
class Money(Node):
    amount: Decimal
    currency: str  # ISO 4217


@record(kw_only=True)
class Flag(Node):
    """`yes` or `no` where a value is given: `set customer.subscribed to yes`. In conditions see IsFlag."""

    value: bool


@record(kw_only=True)
class Placeholder(Node):
    """`<tier>` in a line of a test with examples. The parser refuses it in rule files."""

    column: str


@record(kw_only=True)
class Date(Node):
    value: date


@record(kw_only=True)
class ClockTime(Node):
    value: time


@record(kw_only=True)
class Duration(Node):
    amount: int
    unit: Unit


@record(kw_only=True)
class Path(Node):
    """`customer.city`, `event.total`, `vip`, `order_placed`: `root` is "customer", "event" or any other first word."""

    parts: tuple[Name, ...]

    @property
    def root(self) -> str:
        return self.parts[0].text

    def __str__(self) -> str:
        return ".".join(part.text for part in self.parts)


@record(kw_only=True)
class Aggregate(Node):
    """`count of order_placed where (total > 1000 RUB) in last 90 days`."""

    function: OneWord["count", "sum", "average"]
    path: Path  # event, or event.property
    where: Condition | None = None
    within: Duration | None = None


@record(kw_only=True)
class LastValue(Node):
    """`last order_placed.total`."""

    path: Path


@record(kw_only=True)
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
