"""What a plan would have sent: one customer's stored events in virtual time, with the same engine and no sends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from engine.core.conditions.program import Program
from engine.core.customers import with_context, with_traits
from engine.core.model import Customer, Event, Properties
from engine.testing.virtual.delivery import Delivery
from engine.testing.virtual.memory import Memory
from engine.testing.virtual.pools import Pools
from engine.testing.virtual.world import World

#: When, the name ("": an identification), and the properties or traits.
Heard: TypeAlias = tuple[datetime, str, Properties]


@dataclass(slots=True)
class Replay:
    """Customers one after the other over the same stretch of time. What came before it is history only.

    They share promo pools, and the places of `only first … customers`: these are taken in the order of the replay.
    """

    program: Program  # of rule set 1
    since: datetime
    until: datetime
    delivery: Delivery
    pools: Pools = field(default_factory=Pools)
    places: Counter[str] = field(default_factory=Counter)
    heard: frozenset[str] = field(init=False)
    _remembered: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.heard = events_heard(self.program, self.delivery)
        self._remembered = self.program.reads | self.program.remembers

    def customer(
        self,
        customer: Customer,
        events: Sequence[Event],
        *,
        is_new: bool = False,
        contacts: frozenset[str] = frozenset(),
    ) -> World | None:
        """Their world at the end; None: nothing could happen. `events` by the time at which they came; `is_new`:
        nothing was known before the first of them."""
        if self.program.standing is None and not any(map(self._may_start, events)):
            return None
        memory = Memory(pools=self.pools, places=self.places, remembered=self._remembered)
        world = World(self.program, now=self.since, delivery=self.delivery, memory=memory, tells=False)
        memory.customers[customer.id] = customer
        if contacts:
            memory.contacts[customer.id] = contacts
        if not is_new:
            memory.noted.known.add(customer.id)
        self._play(world, events, is_filled=is_new)
        return world

    def _play(self, world: World, events: Iterable[Event], *, is_filled: bool) -> None:
        for event in events:
            if event.received_at < self.since:
                self._recall(world, event)
                continue
            if not is_filled:
                world.fill()
                is_filled = True
            self._meet(world, event)
        if not is_filled:
            world.fill()
        if self.until > world.now:
            world.at(self.until)

    def _recall(self, world: World, event: Event) -> None:
        """Known from before: it starts nothing."""
        known = world.memory.customers[event.customer]
        if event.context:
            known = with_context(known, event.context)
        if event.kind == "identify":
            known = with_traits(known, event.properties, self.program.plan.attributes)
        elif event.kind == "track" and event.name in self.heard:
            world.memory.remember(event)
        world.memory.customers[event.customer] = known

    def _meet(self, world: World, event: Event) -> None:
        is_quiet = self.program.standing is None and not world.memory.changing
        if is_quiet and not self._may_start(event):
            self._recall(world, event)
        elif event.kind != "track" or event.context or event.name in self.heard:
            if event.received_at > world.now:
                world.up_to(event.received_at)
            world.receive(event)

    def _may_start(self, event: Event) -> bool:
        """False: whoever the customer is, nothing would start. Most events are such."""
        if event.kind != "track" or event.received_at < self.since:
            return False
        starts = self.program.dispatch.get(event.name)
        return starts is not None and starts.may_match(event.properties)

    def is_concerned(self, told: Iterable[Heard]) -> bool:
        """False: nothing can happen to who has told no more than this."""
        dispatch = self.program.dispatch
        if self.program.standing is not None:
            return True
        for _, name, properties in told:
            if (starts := dispatch.get(name)) is not None and starts.may_match(properties):
                return True
        return False


def events_heard(program: Program, delivery: Delivery) -> frozenset[str]:
    """Events that could start, stop or resume something, or are looked back at."""
    reactions = delivery.reactions if delivery.sparing.sunset is not None else frozenset()
    concerned = frozenset().union(*(code.concerned_by for code in program.rules), program.dispatch)
    return concerned | program.reads | program.needs.names | reactions
