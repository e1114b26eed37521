"""The nouns of the engine as values. Nothing changes them: a changed run is another run (`dataclasses.replace`)."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

from dsl.plan import JSON
from engine.core.delivery.channel_choice import NO_REACTIONS, Reactions
from engine.core.record import record

Properties: TypeAlias = dict[str, JSON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Which run made an event, and how many runs stand between it and an event from outside."""

    run: UUID
    rule: str
    depth: int  # 1 for an event emitted by a run that an outside event started; at most 8


EventKind: TypeAlias = Literal["track", "identify", "merge"]


@record()
class Event:
    """Something that happened to one customer. All times are aware, in UTC."""

    id: UUID  # from source and messageId: the same event sent twice has the same id
    customer: UUID
    kind: EventKind
    name: str  # "" unless kind is track
    at: datetime  # its own time, corrected for clock skew, never in the future
    received_at: datetime
    properties: Properties  # of a track; the traits of an identify; {"into": "u:42"} of a merge
    context: Properties = field(default_factory=dict)  # timezone, locale … as the client sent them
    historical: bool = False  # history only: starts nothing
    cause: Cause | None = None


@record()
class Customer:
    id: UUID  # from the key
    key: str  # "u:42" for a known one (userId), "a:…" for an anonymous one
    email: str | None = None
    phone: str | None = None
    timezone: str | None = None  # an IANA name that was checked
    locale: str | None = None
    attributes: Properties = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    consent: dict[str, bool] = field(default_factory=dict)  # by channel; absent: never asked
    chosen: dict[str, str] = field(default_factory=dict)  # when they said so themselves, by hand: ISO 8601
    points: int = 0  # the sum of the ledger, never below 0
    merged_into: UUID | None = None


#: A channel and a template.
Way: TypeAlias = tuple[str, str]

#: How a run may stand. `waiting` has a `wake_at`; `sending` waits for the outcome of its message.
RunState: TypeAlias = Literal["waiting", "sending", "ended"]


@record(slots=False)
class Run:
    """One customer's pass through one rule, pinned to the rule set it began with. Without slots, for `but`."""

    id: UUID  # from rule, customer and the starting event, so that a replay cannot start it twice
    customer: UUID
    rule: str
    rule_set: int
    key: str = ""  # the value of the starting event's key property: "the same cart"; "" without one
    began_at: datetime  # the time of the starting event, or when the sequence was complete
    event_id: UUID
    event_name: str
    event: Properties  # the starting event's properties; a restart replaces them
    stage: int = 0  # of a sequence: the part that is waited for, from 1; 0: complete, and only then the run begins
    step: int = 0  # index into the rule's steps of what comes next
    state: RunState = "waiting"
    wake_at: datetime | None = None
    since: datetime | None = None  # what the present wait counts from: a new time zone recomputes it (S8)
    waits_for_event: bool = False  # parked at a `wait for`
    arrived: bool | None = None  # how the nearest `wait for` ended; None: none was passed
    activation: int = 0  # raised at each restart: part of a message's identity
    messages: int = 0  # handed to delivery so far, over all activations
    ways: tuple[Way, ...] = ()  # of the present send: the one that is tried, then those that could follow
    said: int = 0  # messages of the present send before this one: on other ways, or put off
    sent: int = 0  # of them reported as sent, or perhaps sent
    taken: int = 0  # steps taken so far: a runaway is stopped at 10,000
    depth: int = 0  # of the starting event's cause
    promos: dict[str, dict[str, JSON]] = field(default_factory=dict)  # issued codes by step, over all activations
    issue: int | None = None  # the step of the nearest `issue promo`; None: none was passed
    split: dict[str, str] = field(default_factory=dict)  # split name -> arm taken
    goal_until: datetime | None = None  # the goal counts up to this moment, also after the end of the run
    goal_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None  # "finished", "stop when order_placed", "only if", "holdout" …
    version: int = 0  # raised at each change

    def is_as(self, other: Run) -> bool:
        """`==` at a third of its cost."""
        return self.__dict__ == other.__dict__

    def but(self, **changes: Any) -> Run:
        """`dataclasses.replace` at a tenth of its cost: each step of each run makes another run."""
        values = self.__dict__.copy()  # less than half of the cost of updating an empty one
        values.update(changes)
        if len(values) != _FIELD_COUNT:
            raise TypeError(f"a run has no {', '.join(changes.keys() - self.__dict__.keys())}")
        other = _new(Run)
        other.__dict__ = values
        return other


_new = object.__new__
_FIELD_COUNT = len(fields(Run))


#: The key of a mark that is a place among the first customers of its rule (D14). No value of an event is this text.
PLACE = "\x1fplace"


@record()
class OnceMark:
    """A run of `rule` has acted for this customer (and key): what `once per` counts from (S6, D12)."""

    rule: str
    key: str
    run: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CountMark:
    """`3 times` has fired for this customer and key: events up to here do not count again (D11)."""

    rule: str
    key: str
    at: datetime  # of the last event that counted, by its own time
    used: int  # how many of the events at that very moment have counted


OutcomeState: TypeAlias = Literal["sent", "suppressed", "failed", "unknown", "postponed"]


@record()
class Outcome:
    """What became of a message, reported back to the run that waits for it."""

    message: UUID
    run: UUID
    state: OutcomeState
    at: datetime
    reason: str | None = None
    until: datetime | None = None  # of a postponed one: when it may be sent
    undeliverable: bool = False  # this way does not reach the customer: another one may (S19)


@record(kw_only=False)
class Past:
    """A decided event of the customer's, without what no rule reads of it."""

    at: datetime
    properties: Properties


@record()
class Membership:
    """A change: the customer is in a segment now, by the definition with this hash, or in it no more."""

    segment: str
    definition: str
    is_in: bool  # False: not any more, or the segment is gone
    since: datetime


#: What an appointment is for: a start of a rule, also one that was asked for ("start"), or another look at segments
#: whose windows slide.
Errand: TypeAlias = Literal["date", "inactivity", "schedule", "segment", "start"]


@record()
class Appointment:
    """A moment at which time alone changes something for the customer. One for each errand and name."""

    errand: Errand
    name: str  # of the rule; "": for all segments
    at: datetime | None  # None: called off
    definition: str = ""  # of what it is for: another one makes another appointment; "": that is gone
    occasion: str = ""  # what it is for this time: the local day, or the time of the last event
    done: str = ""  # the newest occasion that it was kept for: nothing comes twice, even if a zone changes


@dataclass(frozen=True, slots=True, kw_only=True)
class PromoCode:
    """A free code of a pool, held for this decision."""

    code: str
    until: datetime | None = None  # its own end; None: that of its pool


@record()
class Facts:
    """All that the core may know about one customer, read before it decides."""

    customer: Customer
    runs: tuple[Run, ...] = ()  # not ended; ended ones with an open goal may be among them, and only measure it
    once: tuple[OnceMark, ...] = ()
    counted: tuple[CountMark, ...] = ()
    last_seen: dict[str, datetime] = field(default_factory=dict)  # event name -> newest time, of the names plans read
    places: dict[str, int] = field(default_factory=dict)  # taken, by rule with `only first … customers`
    delivered_by: str | None = None  # the channel of the newest message that was delivered, if a rule asks
    contacts: frozenset[str] = frozenset()  # channels on which there is a contact, if a rule asks
    reactions: Reactions = NO_REACTIONS  # to messages of each channel, if a rule asks
    last_messages: dict[str, datetime] = field(default_factory=dict)  # `said_as` -> newest, of the last minute (S24)
    history: dict[str, tuple[Past, ...]] = field(default_factory=dict)  # by event name, oldest first
    memberships: dict[str, str] = field(default_factory=dict)  # segments -> hash of the definition; others: not in it
    is_looked_at: bool = False  # by the live definitions: in a segment without a membership they are not
    appointments: tuple[Appointment, ...] = ()
    is_new: bool = False  # nothing was decided for this customer before
    codes: dict[str, tuple[PromoCode, ...]] = field(default_factory=dict)  # by pool; see Effects.short_of
