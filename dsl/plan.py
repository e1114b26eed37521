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


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str
    kind: str
    repeats: bool = False  # a yearly date


Operand: TypeAlias = Constant | Property | Attribute


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


Expression: TypeAlias = (
    All | Any | Not | Compare | Between | OneOf | Contains | StartsWith | IsKnown | Happened | InLast | Arrived
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


Trigger: TypeAlias = EventTrigger


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


# Steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    channel: str
    template: str
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


Step: TypeAlias = Send | Wait | WaitUntil | WaitFor | JumpUnless | Jump | Split | SetAttribute | SetTag | Emit | Exit


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
