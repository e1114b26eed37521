"""The syntax tree: what a rule file says, with the place of every word, before anything is known about it.

Nodes are frozen and compare by content: `span` takes no part, so a formatted file equals its original.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from typing import Literal as OneWord
from typing import TypeAlias

from dsl.source import Source, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(Node):
    """A word without quotes: an event, a segment, a definition, a property."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Node):
    """A word in quotes, without them."""

    text: str


Unit: TypeAlias = OneWord["second", "minute", "hour", "day", "week", "month", "year"]


# Values


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


# Conditions


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


# Triggers


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


# Guards and other clauses between the trigger and the first step


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


# Steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair(Node):
    """`discount = 10%` after `with`."""

    name: Name
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient(Node):
    """One way to say it: `email "cart"`, or `best of email, push "cart"` (channel None, `best_of` empty: all)."""

    channel: str | None
    template: Text
    best_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Send(Node):
    first: Recipient
    variables: tuple[Pair, ...] = ()
    fallbacks: tuple[Recipient, ...] = ()
    unless: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(Node):
    duration: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitUntilClock(Node):
    """`wait until 10:00`, `wait until friday 10:00`, `wait until tomorrow 10:00`."""

    at: ClockTime
    weekdays: tuple[int, ...] = ()  # ISO numbers; empty: any day
    tomorrow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitUntilDate(Node):
    date: Date
    at: ClockTime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitUntilMoment(Node):
    """`wait until 2 days before event.visit_at at 10:00 or now`; `path` None is `start`, the moment the run began."""

    path: Path | None
    offset: Duration | None = None
    before: bool = False
    at: ClockTime | None = None
    or_now: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitFor(Node):
    events: Events
    same: Name | None
    up_to: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm(Node):
    condition: Condition
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch(Node):
    arms: tuple[Arm, ...]
    otherwise: tuple[Step, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitArm(Node):
    share: Percent
    label: Text | None
    steps: tuple[Step, ...]
    holdout: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Split(Node):
    name: Text | None
    arms: tuple[SplitArm, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit(Node):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAttribute(Node):
    path: Path
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeNumber(Node):
    """`increase customer.visits by 1`; `decrease` has a negative sign."""

    path: Path
    by: Value
    sign: OneWord[1, -1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag(Node):
    tag: Text
    add: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Points(Node):
    """`add 100 points`, `remove 5 points`, `add 1 point per 100 RUB of event.total`."""

    amount: int
    add: bool
    per: Money | None = None
    of: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuePromo(Node):
    pool: Text
    valid: Duration | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Emit(Node):
    event: Name
    properties: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Node):
    target: Text
    properties: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify(Node):
    group: Text
    message: Text


Step: TypeAlias = (
    Send
    | Wait
    | WaitUntilClock
    | WaitUntilDate
    | WaitUntilMoment
    | WaitFor
    | Branch
    | Split
    | Exit
    | SetAttribute
    | ChangeNumber
    | Tag
    | Points
    | IssuePromo
    | Emit
    | Call
    | Notify
)


# Items: what stands at the left margin of a file


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Node):
    name: Text | None
    trigger: Trigger
    delay: Duration | None  # `after 1h`
    clauses: tuple[Clause, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Use(Node):
    path: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Let(Node):
    name: Name
    value: Value | tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Define(Node):
    name: Name
    condition: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment(Node):
    name: Name
    condition: Condition


Item: TypeAlias = Rule | Use | Let | Define | Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    source: Source
    items: tuple[Item, ...]


# Test files


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment(Node):
    """`2026-03-02 10:00`, `10:05`, `plus 40 min`: exactly one of `plus` and `time` is set."""

    date: Date | None = None
    time: ClockTime | None = None
    plus: Duration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenCustomer(Node):
    name: Name | None
    attributes: tuple[Pair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenHistory(Node):
    count: int
    event: Name
    within: Duration
    properties: tuple[Pair, ...]
    customer: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenSplit(Node):
    split: Text
    takes: Text  # "holdout" for the hold-out


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenWorkspace(Node):
    settings: tuple[Pair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenFailure(Node):
    template: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenPool(Node):
    """`promo "BACK10" runs dry`."""

    pool: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenRules(Node):
    path: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class AtEvent(Node):
    at: Moment
    event: Name
    properties: tuple[Pair, ...]
    customer: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AtChange(Node):
    at: Moment
    path: Path
    value: Value
    customer: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectMessage(Node):
    channel: str
    template: Text
    at: Moment | None = None
    between: tuple[Moment, Moment] | None = None
    customer: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectNoMessage(Node):
    channel: str | None = None  # None: no message at all
    template: Text | None = None
    customer: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectNothing(Node):
    until: Moment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectSkipped(Node):
    channel: str
    template: Text
    reason: Text
    customer: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectExit(Node):
    reason: Text | Name
    customer: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectValue(Node):
    condition: Condition
    customer: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectTag(Node):
    tag: Text
    customer: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectTold(Node):
    """`expect call "crm_sync" at 10:00 with id = "42"`, `expect notify "managers" "VIP left" at 10:00`."""

    to: OneWord["call", "notify"]
    name: Text  # of the webhook or the group
    message: Text | None = None  # of a note; None: whatever it says
    at: Moment | None = None
    between: tuple[Moment, Moment] | None = None
    properties: tuple[Pair, ...] = ()  # of a call: those that it must carry, besides others
    customer: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectNotTold(Node):
    """`expect no call "crm_sync"`, `expect no notify`."""

    to: OneWord["call", "notify"]
    name: Text | None = None
    customer: Name | None = None


Given: TypeAlias = GivenCustomer | GivenHistory | GivenSplit | GivenWorkspace | GivenFailure | GivenPool | GivenRules
Expectation: TypeAlias = (
    ExpectMessage
    | ExpectNoMessage
    | ExpectNothing
    | ExpectSkipped
    | ExpectExit
    | ExpectValue
    | ExpectTag
    | ExpectTold
    | ExpectNotTold
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples(Node):
    """A table whose rows fill `<column>` in the lines of its test."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCase(Node):
    title: Text
    lines: tuple[Given | AtEvent | AtChange | Expectation, ...]
    todo: bool = False
    open: bool = False  # True: messages that nobody expected are allowed
    examples: Examples | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TestFile:
    source: Source
    cases: tuple[TestCase, ...]
