"""What is noted of customers outside of runs: memberships in segments, and appointments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from engine.core.effects import Effects
from engine.core.model import Appointment
from engine.core.standing.index import WakeKey

#: Errands whose moments have no end.
RECURRING = frozenset({"schedule", "date"})


@dataclass
class Noted:
    known: set[UUID] = field(default_factory=set)  # customers for whom something was decided already
    looked_at: set[UUID] = field(default_factory=set)  # those for whom it was by the live rules
    memberships: dict[UUID, dict[str, str]] = field(default_factory=dict)
    appointments: dict[UUID, dict[WakeKey, Appointment]] = field(default_factory=dict)

    def apply(self, customer: UUID, effects: Effects) -> None:
        self.meet(customer)
        if effects.memberships:
            self._apply_memberships(customer, effects)
        if effects.appointments:
            made = {(each.errand, each.name): each for each in effects.appointments}
            kept = {**self.appointments.get(customer, {}), **made}
            self.appointments[customer] = {key: each for key, each in kept.items() if each.definition}

    def meet(self, customer: UUID) -> None:
        self.known.add(customer)
        self.looked_at.add(customer)

    def _apply_memberships(self, customer: UUID, effects: Effects) -> None:
        known = dict(self.memberships.get(customer, {}))
        for row in effects.memberships:
            if row.is_in:
                known[row.segment] = row.definition
            else:
                known.pop(row.segment, None)
        self.memberships[customer] = known

    def moments(self, recurring_until: datetime | None) -> Iterator[datetime]:
        for appointments in self.appointments.values():
            for each in appointments.values():
                if each.at is None:
                    continue
                if recurring_until is None or each.errand not in RECURRING or each.at <= recurring_until:
                    yield each.at

    def due(self, now: datetime) -> list[tuple[datetime, UUID, UUID]]:
        return [
            (each.at, customer, customer)
            for customer, appointments in self.appointments.items()
            for each in appointments.values()
            if each.at is not None and each.at <= now
        ]

    def members(self, segment: str) -> set[UUID]:
        return {customer for customer, rows in self.memberships.items() if segment in rows}
