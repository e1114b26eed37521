"""A rule, the facts of the workspace that rules rest on, and all of it together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal as OneWord

from dsl.plan.clauses import Cap, Goal, Guard, OncePer, QuietHours, Stop, WorkspaceCap
from dsl.plan.conditions import Expression
from dsl.plan.operands import Length
from dsl.plan.steps import Step
from dsl.plan.triggers import Trigger

#: Raised when an older engine could no longer read a plan, or would not keep to what a rule set says: its limits, its
#: settings, its templates. Older plans stay readable: a run keeps the plan it began with.
FORMAT = 1
_LATE_AFTER = Length(72, "hour")


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
    late_after: Length = _LATE_AFTER
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
    double_opt_in: tuple[str, ...] = ()  # channels and topics: a yes counts when the customer has confirmed it
