"""What starts a rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from dsl.plan.conditions import EventMatch, Expression
from dsl.plan.operands import Attribute, Constant, Length


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTrigger:
    match: EventMatch
    delay: Length | None = None  # counted from the event's own time (S1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Then:
    """The next part of a sequence: it must (or, `negated`, must not) come within this time of the part before."""

    match: EventMatch  # `event` in its `where` is the new event
    within: Length
    negated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceTrigger:
    """`A then not B within 1h`: the run stands at A until the sequence is complete, and only then begins (D11)."""

    match: EventMatch
    then: tuple[Then, ...]
    delay: Length | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimesTrigger:
    """`A 3 times within 7 days with same product_id`: sliding; counts anew after it fired (D11)."""

    match: EventMatch  # `same` lies in `by`
    times: int
    within: Length
    by: str | None = None  # the property that must be the same
    delay: Length | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentTrigger:
    segment: str
    enters: bool  # False: leaves
    delay: Length | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTrigger:
    """`customer.tier changes to "gold"`; `to` None: any change."""

    attribute: Attribute
    to: Constant | None = None
    delay: Length | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DateTrigger:
    """`3 days before customer.birthday at 10:00`, every year if the attribute repeats (S9-S12)."""

    attribute: Attribute
    time: str  # "10:00"
    offset: Length | None = None
    before: bool = False
    delay: Length | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InactivityTrigger:
    """`no order_placed for 30 days`: once, when the newest one is so old (S13)."""

    event: str
    length: Length
    delay: Length | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleTrigger:
    """`every 2 weeks on monday at 9:00 for customer in vip`: exactly one of the four ways, in the customer's zone."""

    time: str
    weekdays: tuple[int, ...] = ()  # ISO numbers
    every_weeks: int = 1  # counted from the ISO week of 2024-01-01, a Monday
    monthly: bool = False
    yearly: tuple[int, int] | None = None  # month, day
    date: str | None = None  # once
    day: int | None = None  # of the month; None: its last
    audience: Expression | None = None  # None: everyone


#: What starts a run: the first has an event to speak of, the second has none (D19).
EventStart: TypeAlias = EventTrigger | SequenceTrigger | TimesTrigger
OtherStart: TypeAlias = SegmentTrigger | ChangeTrigger | DateTrigger | InactivityTrigger | ScheduleTrigger
Trigger: TypeAlias = EventStart | OtherStart


def starting_match(trigger: Trigger) -> EventMatch | None:
    """The event that starts the rule; None: it starts without one."""
    return trigger.match if isinstance(trigger, EventTrigger | SequenceTrigger | TimesTrigger) else None


def delay_of(trigger: Trigger) -> Length | None:
    return None if isinstance(trigger, ScheduleTrigger) else trigger.delay
