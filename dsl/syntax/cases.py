"""Test files: what is given, what happens, what is expected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneWord
from typing import TypeAlias

from dsl.source import Source
from dsl.syntax.base import Name, Node, Text
from dsl.syntax.conditions import Condition
from dsl.syntax.steps import Pair
from dsl.syntax.values import ClockTime, Date, Duration, Path, Value


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
