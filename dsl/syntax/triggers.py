"""What starts a rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from dsl.syntax.base import Name, Node
from dsl.syntax.conditions import Condition
from dsl.syntax.values import ClockTime, Date, Duration, Path, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Events(Node):
    """`order_placed or subscription_renewed where event.kind is "auto"`."""

    names: tuple[Name, ...]
    where: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTrigger(Node):
    events: Events


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceStep(Node):
    negated: bool
    events: Events
    same: Name | None
    within: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceTrigger(Node):
    first: Events
    then: tuple[SequenceStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimesTrigger(Node):
    events: Events
    times: int
    within: Duration
    same: Name | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentTrigger(Node):
    segment: Name
    enters: bool  # False: leaves


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTrigger(Node):
    path: Path
    to: Value | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DateTrigger(Node):
    path: Path
    at: ClockTime
    offset: Duration | None = None
    before: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InactivityTrigger(Node):
    event: Name
    during: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekdays(Node):
    """`monday, thursday`: ISO numbers 1-7; "day" is all seven, "weekday" is 1-5.

    `every_weeks` is 2 in `2 weeks on monday`.
    """

    days: tuple[int, ...]
    every_weeks: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Monthly(Node):
    day: int | None  # None: the last day


@dataclass(frozen=True, slots=True, kw_only=True)
class Yearly(Node):
    day: int
    month: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDate(Node):
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleTrigger(Node):
    schedule: Weekdays | Monthly | Yearly | OnDate
    at: ClockTime
    audience: Condition | None  # None: everyone, which is always written out


Trigger: TypeAlias = (
    EventTrigger
    | SequenceTrigger
    | TimesTrigger
    | SegmentTrigger
    | ChangeTrigger
    | DateTrigger
    | InactivityTrigger
    | ScheduleTrigger
)
