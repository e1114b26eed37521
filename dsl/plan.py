"""The compiled form of all rules: plain data that becomes JSON and comes back equal.

The plan is the contract between the language and the engine. It holds no spans, no names that still need to be
looked up and no `let`, `define` or `use`: those are resolved. Steps are flat, with jump targets (`at`: indexes
into `Rule.steps`; the index `len(steps)` ends the run). Conditions are typed trees without missing values:
a comparison with something unknown is false, and only `is unknown`, `is not` and `not` are true (S16).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal as OneWord
from typing import TypeAlias

FORMAT = 1  # raised when an older engine could no longer read a plan

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"
Unit: TypeAlias = OneWord["second", "minute", "hour", "day", "week", "month", "year"]
Comparison: TypeAlias = OneWord["is", "is not", ">", "<", ">=", "<="]


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time. Seconds to hours are exact; days and longer are calendar, in the customer's zone (S7)."""

    amount: int
    unit: Unit


# Expressions. Each node names its `kind` where the engine needs it to read a raw JSON value.


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


# Triggers


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


# Guards


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """`only if` (must hold) and `unless` (must not), checked at the start and again before every send."""

    word: OneWord["only if", "unless"]
    condition: Expression
    text: str  # as the author wrote it, for `explain`
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    match: EventMatch
    text: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    match: EventMatch
    within: Length


@dataclass(frozen=True, slots=True, kw_only=True)
class OncePer:
    """One run that sends something per customer and `key`; `window` None: for ever."""

    key: Property | None = None
    window: Length | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """`at most 2 messages per day`: of this rule, to this customer. Days and longer are calendar, hours roll (D13)."""

    limit: int
    channel: str | None  # None: messages of any channel
    per: Length
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """No message from `start` to `end`, by the customer's clock; it may span midnight. The message waits (S18)."""

    start: str  # "22:00"
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceCap:
    """`caps:` of kogda.yaml: of all marketing messages to one customer, or those of one channel or topic."""

    limit: int
    per: Length
    channel: str | None = None
    topic: str | None = None
    over: OneWord["skip", "defer"] = "skip"  # what becomes of a message over the cap


# Steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One way to say it. `channel` None: the best of `best_of`, which is never empty then.

    Where nothing is known of the customer, the channels are tried in the order of `best_of`: the author's, or that of
    the workspace.
    """

    channel: str | None
    template: str
    best_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    channel: str  # of the first way; for `send best`, see `best_of`
    template: str
    best_of: tuple[str, ...] = ()  # `send best of email, push "cart"`: `channel` is then "best"
    fallbacks: tuple[Recipient, ...] = ()  # tried in order when it cannot be delivered (S19)
    variables: tuple[tuple[str, Operand], ...] = ()
    unless: Expression | None = None  # a step guard: true skips this send, and the run goes on
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    length: Length
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitUntil:
    """The next `time` strictly after now (on `weekdays`, or tomorrow); or the day `date`; or a moment: `base`
    (None: the start of the run) moved by `offset`, at `time` if given."""

    mode: OneWord["clock", "date", "moment"]
    time: str | None = None  # "10:00"
    weekdays: tuple[int, ...] = ()  # ISO numbers
    tomorrow: bool = False
    date: str | None = None
    base: Operand | None = None
    offset: Length | None = None
    before: bool = False
    or_now: bool = False
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitFor:
    match: EventMatch
    up_to: Length
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JumpUnless:
    """Goes on at `at` when the condition does not hold."""

    condition: Expression
    at: int
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    label: str  # "holdout" for the hold-out
    share: int  # of 10,000
    at: int | None  # None: the hold-out; the run ends and is recorded as held out


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Arms are ranges of hash(rule, split name, customer) over 0-9999, in order (S20)."""

    name: str
    arms: tuple[Arm, ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAttribute:
    name: str
    value: Operand
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTag:
    tag: str
    add: bool
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Emit:
    event: str
    properties: tuple[tuple[str, Operand], ...] = ()
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeNumber:
    """`increase customer.visits by 1`; a missing number counts as 0."""

    name: str
    by: Operand
    sign: OneWord[1, -1]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """`add 100 points`; `add 1 point per 100 RUB of event.total`, rounded down (D15)."""

    amount: int
    add: bool
    per: Constant | None = None
    of: Operand | None = None
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuePromo:
    """A code of the pool for this customer, unique; what `issued` asks about, and `promo` in templates."""

    pool: str
    valid: Length | None = None  # from the moment of issue, in the customer's zone
    until: str | None = None  # ISO date: the pool's own last day, in the workspace's zone
    discount: str | None = None  # as the pool says it
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A webhook target of kogda.yaml."""

    target: str
    properties: tuple[tuple[str, Operand], ...] = ()
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """A staff group of kogda.yaml."""

    group: str
    message: str
    line: int


Step: TypeAlias = (
    Send
    | Wait
    | WaitUntil
    | WaitFor
    | JumpUnless
    | Jump
    | Split
    | SetAttribute
    | ChangeNumber
    | SetTag
    | Points
    | IssuePromo
    | Emit
    | Call
    | Notify
    | Exit
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    name: str  # the identity for history; a one-liner gets a generated one
    file: str
    line: int
    trigger: Trigger
    guards: tuple[Guard, ...] = ()
    stops: tuple[Stop, ...] = ()
    goal: Goal | None = None
    once: OncePer | None = None
    repeated: OneWord["restart", "ignore", "parallel"] | None = None  # None: S4
    caps: tuple[Cap, ...] = ()
    first_customers: int | None = None  # `only first 50 customers`, counted exactly (D14)
    quiet_hours: QuietHours | None = None  # besides those of the workspace
    ignore_quiet_hours: bool = False
    catch_up: Length | None = None  # how late a moment that was missed is still made up for (S12)
    transactional: bool = False
    priority: int = 0  # higher first
    active_from: str | None = None  # ISO dates, both days included, in the workspace's zone (D16)
    active_until: str | None = None
    timezone: str | None = None  # None: the customer's, then the workspace's
    owner: str | None = None
    description: str | None = None
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFacts:
    """What the engine needs of the schema about one event."""

    key: str | None = None
    cancelled_by: tuple[str, ...] = ()
    late_after: Length = Length(72, "hour")
    properties: dict[str, str] = field(default_factory=dict)  # name -> kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """`hash` tells definitions apart: who is in it by another definition enters and leaves nothing (S14)."""

    condition: Expression
    hash: str
    file: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All rules in the order they act (priority, then file and line), and the facts of the workspace they rest on."""

    format: int = FORMAT
    language: int = 1
    timezone: str = "UTC"
    currency: str | None = None
    leap_day: OneWord["28 february", "1 march"] = "28 february"  # when a 29 February comes in common years (S11)
    rules: tuple[Rule, ...] = ()
    events: dict[str, EventFacts] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)  # name -> kind
    segments: dict[str, Segment] = field(default_factory=dict)  # in an order that needs no look ahead
    quiet_hours: QuietHours | None = None
    caps: tuple[WorkspaceCap, ...] = ()
