"""What a decision changes, as values. The flow writes them with the cursor in one transaction (law 4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from dsl.plan import JSON
from engine.core.delivery.addresses import OUTWARD as OUTWARD
from engine.core.delivery.consent import ConsentEntry
from engine.core.delivery.limits import NO_LIMITS, Limits
from engine.core.model import Appointment, CountMark, Customer, Event, Membership, OnceMark, Run
from engine.core.record import record


@record()
class NewMessage:
    """The decision to say something. `id` comes from run, step and activation: a replay cannot add a second one."""

    id: UUID
    customer: UUID
    run: UUID
    rule: str
    rule_set: int
    step: int
    channel: str
    template: str
    context: dict[str, JSON]  # {"event": {…}, "with": {…}}: what the template sees besides the customer
    transactional: bool
    due_at: datetime
    limits: Limits = NO_LIMITS

    @property
    def is_outward(self) -> bool:
        """It goes to another system or to the staff: no consent, caps or withdrawal, and no run waits for it."""
        return self.channel in OUTWARD


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """Messages of a run that are still queued must not go out any more."""

    run: UUID
    reason: str


NoteKind: TypeAlias = Literal[
    "started", "restarted", "waits", "skipped", "branch", "split", "changed", "emitted", "issued", "called",
    "chooses", "ended",
]  # fmt: skip


@record()
class Note:
    """A line of the record that `explain` reads: what a run did at one moment, and why."""

    run: UUID
    at: datetime
    line: int  # of the rule file; 0 when no single line is meant
    what: NoteKind
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsEntry:
    """A line of the points ledger. `id` comes from run, step and activation: a replay cannot add a second one."""

    id: UUID
    run: UUID
    rule: str
    amount: int  # what the balance really changed by: below 0 it does not go
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PromoIssue:
    """A code is this customer's from now on."""

    pool: str
    code: str
    run: UUID
    rule: str
    step: int
    at: datetime
    expires_at: datetime | None


@record()
class Misfit:
    """A trait that was left out, because it does not fit its kind in the schema; or a property of an event that
    rules take as unknown, because it does not fit."""

    event: UUID
    of: str = ""  # the event's name; "": a trait
    name: str
    kind: str  # that it should have
    value: JSON


@record()
class Effects:
    """Everything that one customer's events and timers caused in one batch. Empty fields change nothing."""

    customer: Customer | None = None  # None: unchanged
    runs: tuple[Run, ...] = ()  # new and changed ones, each once, in its last state
    messages: tuple[NewMessage, ...] = ()
    withdrawals: tuple[Withdrawal, ...] = ()
    marks: tuple[OnceMark, ...] = ()
    counted: tuple[CountMark, ...] = ()
    released: tuple[UUID, ...] = ()  # runs whose once-marks are taken back: their message was never sent
    emitted: tuple[Event, ...] = ()  # already seen by the rules of this batch (D20); kept as history
    notes: tuple[Note, ...] = ()
    memberships: tuple[Membership, ...] = ()  # changed ones
    appointments: tuple[Appointment, ...] = ()  # new, moved and called off
    points: tuple[PointsEntry, ...] = ()
    issued: tuple[PromoIssue, ...] = ()
    # By pool, how many codes were wanted beyond those among the facts: a decision that is short of codes is decided
    # again with as many more as there are. Pools that have none left are among the facts with what they gave.
    short_of: dict[str, int] = field(default_factory=dict)
    consents: tuple[ConsentEntry, ...] = ()
    misfits: tuple[Misfit, ...] = ()
    failures: tuple[Failure, ...] = ()


#: What most events cause.
NOTHING = Effects()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A rule that raised for one event or run. The rest of the batch is not touched by it."""

    rule: str
    rule_set: int
    event: UUID | None  # the event that started or stopped it
    run: UUID | None  # the run that was advanced
    error: str
    detail: str = field(repr=False, default="")  # the traceback
