"""Plays a script in a virtual world; messages pass the guards of delivery, or are refused by the provider."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from engine.core.calendar import zone_named
from engine.core.conditions.scope import Scope, attributes_of
from engine.core.customers import with_traits
from engine.testing.reading.given import POINTS
from engine.testing.reading.ground import Ground
from engine.testing.reading.script import Check, Person, Script
from engine.testing.virtual.delivery import Delivery
from engine.testing.virtual.world import World


@dataclass(slots=True)
class Play:
    """A script and its world. Checks are answered at their moments."""

    script: Script
    ground: Ground
    answers: list[tuple[Check, bool]] = field(default_factory=list)
    world: World = field(init=False)

    def __post_init__(self) -> None:
        delivery = Delivery.of(self.ground.catalog, failing=self.script.failing)
        self.world = World(self.ground.program, now=self.script.begins or "2026-01-01 00:00", delivery=delivery)

    def run(self) -> None:
        """Raises what the world raises: `StillWaiting`, `RuleFailed`."""
        for pool in self.script.dry:
            self.world.memory.pools.fill(pool)
        for person in self.script.people.values():
            self._introduce(person)
        for past in self.script.past:
            self.world.event(past.event, past.properties, of=past.who.cast_as, happened=past.at, historical=True)
        self.world.fill()
        for step in self.script.steps:
            if isinstance(step, Check):
                self.world.at(step.at)
                self.answers.append((step, self._holds(step)))
                continue
            self.world.up_to(step.at)
            if step.event:
                self.world.event(step.event, step.properties, of=step.who.cast_as)
            else:
                self.world.learn(step.traits, of=step.who.cast_as)
        self.world.finish(recurring_until=self._last_minute())

    def name_of(self, cast_as: str) -> str:
        """As the test calls a customer of the world."""
        return next((each.name for each in self.script.people.values() if each.cast_as == cast_as), cast_as)

    def _introduce(self, person: Person) -> None:
        memory, known = self.world.memory, self.world.customer(person.cast_as)
        told = with_traits(known, person.traits, self.ground.plan.attributes)
        points = person.traits.get(POINTS)
        memory.customers[known.id] = replace(told, tags=person.tags, points=points if isinstance(points, int) else 0)
        memory.noted.known.add(known.id)
        memory.contacts[known.id] = person.contacts

    def _last_minute(self) -> datetime | None:
        """Expectations name minutes."""
        return self.script.last + timedelta(minutes=1) if self.script.last is not None else None

    def _holds(self, check: Check) -> bool:
        customer = self.world.customer(check.who.cast_as)
        if check.test is None:
            return check.tag in customer.tags
        scope = Scope(
            now=self.world.now,
            zone=zone_named(customer.timezone) or self.world.zone,
            seen=self.world.memory.last_seen.get(customer.id, {}),
            history=self.world.memory.history.get(customer.id, {}),
            leap_day=self.ground.plan.leap_day,
            segments=self.ground.program.segments,
        )
        return check.test({}, attributes_of(customer), scope)
