"""What guards, ends, measures and limits a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneWord

from dsl.plan.conditions import EventMatch, Expression
from dsl.plan.operands import Length, Property


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
