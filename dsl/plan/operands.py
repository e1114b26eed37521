"""Lengths of time, and what conditions compare. Each operand names its `kind` where the engine needs it to read a raw
JSON value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from typing import Literal as OneWord

if TYPE_CHECKING:
    from dsl.plan.conditions import Expression

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"
Unit: TypeAlias = OneWord["second", "minute", "hour", "day", "week", "month", "year"]


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time. Seconds to hours are exact; days and longer are calendar, in the customer's zone (S7)."""

    amount: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class Constant:
    """`value` in JSON: text, number, bool; money {"amount": "1500.00", "currency": "RUB"}; date and moment ISO 8601;
    percent as a number (45 for 45%)."""

    kind: str
    value: JSON


@dataclass(frozen=True, slots=True)
class Property:
    """A property of the event in scope: the run's own, or the new event in a `where`. A dotted name is nested."""

    name: str
    kind: str  # "text" or "list of text"; see dsl/kinds.py
    outside: bool = False  # in the `where` of a tally: of the event in scope outside of it


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str
    kind: str
    repeats: bool = False  # a yearly date


@dataclass(frozen=True, slots=True)
class Tally:
    """`sum of order_placed.total where (…) in last 90 days`, over the customer's history and the events decided so far.

    In `where`, a `Property` is one of the counted event, unless it says `outside`. Without `property` it counts
    events; amounts of another currency than `currency` are left out. A sum of nothing is 0, an average of nothing is
    unknown.
    """

    function: OneWord["count", "sum", "average"]
    event: str
    kind: str  # "number", or "money" for a sum or average of money
    property: str | None = None
    where: Expression | None = None
    within: Length | None = None  # None: as far back as history goes
    currency: str | None = None  # None: that of the amount which it is compared with


@dataclass(frozen=True, slots=True)
class LastValue:
    """`last order_placed.total`: of the newest one by its own time; unknown without any."""

    event: str
    property: str
    kind: str


@dataclass(frozen=True, slots=True)
class DaysSince:
    """Whole calendar days since the newest `event`, by the customer's clock; unknown without any."""

    event: str
    kind: str = "number"


HistoryValue: TypeAlias = Tally | LastValue | DaysSince
Operand: TypeAlias = Constant | Property | Attribute | HistoryValue
