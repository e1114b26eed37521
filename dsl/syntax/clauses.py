"""Guards and other clauses between the trigger and the first step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneWord
from typing import TypeAlias

from dsl.syntax.base import Name, Node, Text
from dsl.syntax.conditions import Condition
from dsl.syntax.triggers import Events
from dsl.syntax.values import ClockTime, Date, Duration, Path


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlyIf(Node):
    condition: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Unless(Node):
    condition: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class StopWhen(Node):
    events: Events
    same: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal(Node):
    events: Events
    within: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class OncePer(Node):
    """`once per 7 days`, `once per customer`, `once per event.cart_id per 7 days`."""

    key: Path | None
    window: Duration | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IfRepeated(Node):
    policy: OneWord["restart", "ignore", "parallel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap(Node):
    limit: int
    channel: str | None  # None: messages of any channel
    per: Duration  # `per day` is 1 day


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstCustomers(Node):
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours(Node):
    start: ClockTime
    end: ClockTime


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoreQuietHours(Node):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Transactional(Node):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class CatchUp(Node):
    within: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Timezone(Node):
    zone: Text | None  # None: `timezone customer`


@dataclass(frozen=True, slots=True, kw_only=True)
class Priority(Node):
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Active(Node):
    since: Date
    until: Date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner(Node):
    name: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Description(Node):
    text: Text


Clause: TypeAlias = (
    OnlyIf
    | Unless
    | StopWhen
    | Goal
    | OncePer
    | IfRepeated
    | Cap
    | FirstCustomers
    | QuietHours
    | IgnoreQuietHours
    | Transactional
    | CatchUp
    | Timezone
    | Priority
    | Active
    | Owner
    | Description
)
