"""Guards and other clauses between the trigger and the first step."""

from __future__ import annotations

from typing import Literal as OneWord
from typing import TypeAlias

from dsl.records import record
from dsl.syntax.base import Name, Node, Text
from dsl.syntax.conditions import Condition
from dsl.syntax.triggers import Events
from dsl.syntax.values import ClockTime, Date, Duration, Path


@record(kw_only=True)
class OnlyIf(Node):
    condition: Condition


@record(kw_only=True)
class Unless(Node):
    condition: Condition


@record(kw_only=True)
class StopWhen(Node):
    events: Events
    same: Name | None = None


@record(kw_only=True)
class Goal(Node):
    events: Events
    within: Duration


@record(kw_only=True)
class OncePer(Node):
    """`once per 7 days`, `once per customer`, `once per event.cart_id per 7 days`."""

    key: Path | None
    window: Duration | None


@record(kw_only=True)
class IfRepeated(Node):
    policy: OneWord["restart", "ignore", "parallel"]


@record(kw_only=True)
class Cap(Node):
    limit: int
    channel: str | None  # None: messages of any channel
    per: Duration  # `per day` is 1 day


@record(kw_only=True)
class FirstCustomers(Node):
    limit: int


@record(kw_only=True)
class QuietHours(Node):
    start: ClockTime
    end: ClockTime


@record(kw_only=True)
class IgnoreQuietHours(Node):
    pass


@record(kw_only=True)
class Transactional(Node):
    pass


@record(kw_only=True)
class CatchUp(Node):
    within: Duration


@record(kw_only=True)
class Timezone(Node):
    zone: Text | None  # None: `timezone customer`


@record(kw_only=True)
class Priority(Node):
    value: int


@record(kw_only=True)
class Active(Node):
    since: Date
    until: Date | None


@record(kw_only=True)
class Owner(Node):
    name: Text


@record(kw_only=True)
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
