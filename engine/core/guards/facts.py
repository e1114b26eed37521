"""What the guards of a message look at, and what they answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from typing import Literal

from dsl.plan import QuietHours
from engine.core.delivery.limits import CountedCap
from engine.core.delivery.sparing import Repeats, Said
from engine.core.record import record


@dataclass(frozen=True, slots=True)
class Block:
    """Why a message may not go out now. It is suppressed for good, unless `retry_at` says when to ask again.

    `other_way`: another channel could do what this one cannot, so a fallback acts (S19).
    """

    reason: str
    retry_at: datetime | None = None
    other_way: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A message that a customer got, or that is on its way: what caps count."""

    at: datetime
    rule: str
    channel: str
    topic: str | None
    transactional: bool
    said: Said | None = None


@record()
class MessageFacts:
    """Of one message, its customer and its rule, as they are now."""

    channel: str
    address: str | None  # where it would go; None: the customer has none for this channel
    transactional: bool
    topic: str | None = None  # of its template
    consent: Mapping[str, bool] = field(default_factory=dict)  # by channel and topic; absent: never asked
    consent_policy: Literal["required", "unless_refused"] = "unless_refused"
    confirmed: frozenset[str] = frozenset()  # channels and topics that need a yes of the customer's own (double opt-in)
    chosen: Collection[str] = ()  # channels and topics of which the customer said by hand what it wants
    is_erased: bool = False  # the person was erased once: what is told of its consent since then may be an old list
    asks_for: Collection[str] = ()  # channels and topics that it asks to confirm
    suppressed: str | None = None  # why the address must not be contacted
    is_rule_on: bool = True  # the live rule set still has the rule
    run_end: str | None = None  # why its run has ended; None: it goes on
    zone: tzinfo = UTC  # the rule's, the customer's or the workspace's
    quiet_hours: tuple[QuietHours, ...] = ()
    holidays: Mapping[date, str] = field(default_factory=dict)  # days on which marketing is quiet, with their names
    caps: tuple[CountedCap, ...] = ()
    said: Said | None = None
    repeats: Repeats | None = None  # what may not be said again
    counted: tuple[Counted, ...] = ()  # the customer's messages, without this one, as far back as the caps look
