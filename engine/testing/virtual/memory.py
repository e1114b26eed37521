"""Everything that production keeps in PostgreSQL, for a handful of customers, in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.core.conditions.history import with_event
from engine.core.effects import NOTHING, Effects, Failure, NewMessage, Note, PointsEntry, Withdrawal
from engine.core.identity import customer_id
from engine.core.model import PLACE, CountMark, Customer, Event, Facts, OnceMark, Past, Run
from engine.core.rule_guards.same_message import said_as
from engine.testing.virtual.noted import Noted
from engine.testing.virtual.pools import Pools

_NONE: Mapping[Any, Any] = {}
_NOBODY: frozenset[str] = frozenset()


@dataclass
class Memory:
    """Facts before, effects after: what the flow reads and writes around `advance`."""

    customers: dict[UUID, Customer] = field(default_factory=dict)
    runs: dict[UUID, Run] = field(default_factory=dict)
    changing: dict[UUID, dict[UUID, Run]] = field(default_factory=dict)  # of `runs`, by customer: those that may change
    marks: dict[UUID, dict[tuple[str, str], OnceMark]] = field(default_factory=dict)
    counted: dict[UUID, dict[tuple[str, str], CountMark]] = field(default_factory=dict)
    places: Counter[str] = field(default_factory=Counter)  # taken, by rule with `only first … customers`
    history: dict[UUID, dict[str, tuple[Past, ...]]] = field(default_factory=dict)
    last_seen: dict[UUID, dict[str, datetime]] = field(default_factory=dict)
    last_messages: dict[UUID, dict[str, datetime]] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    queued: list[NewMessage] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    points: list[PointsEntry] = field(default_factory=list)
    noted: Noted = field(default_factory=Noted)
    delivered_by: dict[UUID, str] = field(default_factory=dict)
    contacts: dict[UUID, frozenset[str]] = field(default_factory=dict)  # channels on which somebody has one
    remembered: Collection[str] | None = None  # events that are looked back at; None: perhaps all of them
    pools: Pools = field(default_factory=Pools)

    def customer(self, key: str) -> Customer:
        known = customer_id(key)
        return self.customers.setdefault(known, Customer(id=known, key=key))

    def name_of(self, customer: UUID) -> str:
        """The key without its prefix."""
        return self.customers[customer].key.partition(":")[2]

    def facts(self, customer: UUID) -> Facts:
        """What is empty is not asked: to hash an id costs more than all the rest."""
        noted = self.noted
        return Facts(
            customer=self.customers[customer],
            runs=tuple(self.changing.get(customer, _NONE).values()) if self.changing else (),
            once=tuple(self.marks.get(customer, _NONE).values()) if self.marks else (),
            last_seen=self.last_seen.get(customer) or {},
            counted=tuple(self.counted.get(customer, _NONE).values()) if self.counted else (),
            history=self.history.get(customer) or {},
            last_messages=self.last_messages.get(customer, {}) if self.last_messages else {},
            places=self.places,
            delivered_by=self.delivered_by.get(customer) if self.delivered_by else None,
            contacts=self.contacts.get(customer, _NOBODY) if self.contacts else _NOBODY,
            memberships=noted.memberships.get(customer, {}) if noted.memberships else {},
            appointments=tuple(noted.appointments.get(customer, _NONE).values()) if noted.appointments else (),
            is_new=customer not in noted.known,
            is_looked_at=customer in noted.looked_at,
        )

    def remember(self, event: Event) -> None:
        self.events.append(event)
        if event.kind == "track" and (self.remembered is None or event.name in self.remembered):
            seen = self.last_seen.setdefault(event.customer, {})
            seen[event.name] = max(event.at, seen.get(event.name, event.at))
            past = Past(event.at, event.properties)
            self.history[event.customer] = with_event(self.history.get(event.customer, {}), event.name, past)

    def apply(self, customer: UUID, effects: Effects) -> None:
        """Most events change nothing, and most of those that do change little."""
        if effects is NOTHING:
            self.noted.meet(customer)
            return
        if effects.customer is not None:
            self.customers[customer] = effects.customer
        for run in effects.runs:
            self._keep_run(run)
        if effects.released or effects.marks or effects.counted:
            self._apply_marks(customer, effects)
        for event in effects.emitted:
            self.remember(event)
        if effects.messages:
            self._enqueue(customer, effects.messages)
        self.noted.apply(customer, effects)
        self.notes += effects.notes
        self.failures += effects.failures
        self.points += effects.points
        if effects.issued:
            self.pools.issue(effects.issued)

    def _enqueue(self, customer: UUID, messages: Iterable[NewMessage]) -> None:
        recent = self.last_messages.setdefault(customer, {})
        for message in messages:
            self.queued.append(message)
            recent[self._said_as(message)] = message.due_at

    def _said_as(self, message: NewMessage) -> str:
        run = self.runs.get(message.run) if message.transactional else None
        return said_as(message.channel, message.template, about=run.key if run else "")

    def _keep_run(self, run: Run) -> None:
        self.runs[run.id] = run
        if may_change(run):
            self.changing.setdefault(run.customer, {})[run.id] = run
        elif (theirs := self.changing.get(run.customer)) is not None:
            theirs.pop(run.id, None)
            if not theirs:
                del self.changing[run.customer]

    def _apply_marks(self, customer: UUID, effects: Effects) -> None:
        if effects.released:
            kept = self.marks.get(customer, {}).items()
            self.places.subtract(mark.rule for (_, key), mark in kept if key == PLACE and mark.run in effects.released)
            self.marks[customer] = {place: mark for place, mark in kept if mark.run not in effects.released}
        if effects.marks:
            marks = self.marks.setdefault(customer, {})
            places = (mark.rule for mark in effects.marks if mark.key == PLACE and (mark.rule, PLACE) not in marks)
            self.places.update(places)
            marks.update({(mark.rule, mark.key): mark for mark in effects.marks})
        if effects.counted:
            counted = self.counted.setdefault(customer, {})
            counted.update({(mark.rule, mark.key): mark for mark in effects.counted})

    def settle(self, message: NewMessage, state: str) -> None:
        """It leaves the queue. What was put off has not been said, and what was sent says which channel works."""
        self.queued = [each for each in self.queued if each is not message and each.id != message.id]
        if state == "postponed":
            self.last_messages.get(message.customer, {}).pop(self._said_as(message), None)
        elif state == "sent" and not message.is_outward:
            self.delivered_by[message.customer] = message.channel

    def withdrawn(self, withdrawals: tuple[Withdrawal, ...]) -> list[tuple[NewMessage, str]]:
        """Queued messages that must not go out, with the reason; they leave the queue."""
        reasons: Mapping[UUID, str] = {each.run: each.reason for each in withdrawals}
        stay = [message for message in self.queued if message.run not in reasons or message.is_outward]
        taken = [(message, reasons[message.run]) for message in self.queued if message not in stay]
        self.queued = stay
        return taken

    def next_wake(self, recurring_until: datetime | None = None) -> datetime | None:
        """Of what comes again and again, such as schedules, only what comes up to a moment, if one is given."""
        waiting = [at for runs in self.changing.values() for run in runs.values() if (at := run.wake_at) is not None]
        if self.noted.appointments:
            waiting += self.noted.moments(recurring_until)
        return min(waiting) if waiting else None

    def due(self, now: datetime) -> list[UUID]:
        """Customers with a timer that is due, each once, in the order of their oldest one."""
        due = [
            (at, run.id, run.customer)
            for runs in self.changing.values()
            for run in runs.values()
            if (at := run.wake_at) is not None and at <= now
        ]
        if self.noted.appointments:
            due += self.noted.due(now)
        return list(dict.fromkeys([customer for _, _, customer in sorted(due)])) if due else []


def may_change(run: Run) -> bool:
    return run.state != "ended" or run.goal_until is not None
