"""What a rule does, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneWord
from typing import TypeAlias

from dsl.syntax.base import Name, Node, Text
from dsl.syntax.conditions import Condition
from dsl.syntax.triggers import Events
from dsl.syntax.values import ClockTime, Date, Duration, Money, Path, Percent, Value


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
