"""What a plan would have sent: one customer's stored events in virtual time, with the same engine and no sends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from engine.core.customers import with_context, with_traits
from engine.core.model import Customer, Event
from engine.core.program import Program
from engine.testing.world import World

#: Makes the empty world of one customer: how it judges messages, and what it shares with those of others.
NewWorld = Callable[[Program, datetime], World]


class Replay:
    """Customers one after the other over the same stretch of time. What came before it is history only."""

    def __init__(
        self, program: Program, since: datetime, until: datetime, *, new_world: NewWorld | None = None
    ) -> None:
        """The program must be of rule set 1."""
        self._program = program
        self._since = since
        self._until = until
        self._new_world = new_world or _plain_world
        self.heard = _events_heard(program)

    def customer(self, customer: Customer, events: Iterable[Event], *, is_new: bool = False) -> World:
        """Their world at the end. `events` by the time at which they came; `is_new`: nothing was known before the
        first of them."""
        world = self._new_world(self._program, self._since)
        world.memory.customers[customer.id] = customer
        if not is_new:
            world.memory.noted.known.add(customer.id)
        is_filled = is_new
        for event in events:
            if event.received_at < self._since:
                self._recall(world, event)
                continue
            if not is_filled:
                world.fill()
                is_filled = True
            self._meet(world, event)
        if not is_filled:
            world.fill()
        if self._until > world.now:
            world.at(self._until)
        return world

    def _recall(self, world: World, event: Event) -> None:
        """Known from before: it starts nothing."""
        known = world.memory.customers[event.customer]
        if event.context:
            known = with_context(known, event.context)
        if event.kind == "identify":
            known = with_traits(known, event.properties, self._program.plan.attributes)
        elif event.kind == "track" and event.name in self.heard:
            world.memory.remember(event)
        world.memory.customers[event.customer] = known

    def _meet(self, world: World, event: Event) -> None:
        if event.kind == "track" and event.name not in self.heard and not event.context:
            return
        if self._is_history_only(world, event):
            world.memory.remember(event)
            return
        if event.received_at > world.now:
            world.up_to(event.received_at)
        world.receive(event)

    def _is_history_only(self, world: World, event: Event) -> bool:
        """Nothing is under way, and whoever the customer is, nothing would start: most events are such."""
        if event.kind != "track" or event.context or self._program.standing is not None:
            return False
        if any(run.state != "ended" or run.goal_until is not None for run in world.memory.runs.values()):
            return False
        starts = self._program.dispatch.get(event.name)
        return starts is None or not starts.may_match(event.properties)


def _plain_world(program: Program, since: datetime) -> World:
    return World(program, now=since)


def _events_heard(program: Program) -> frozenset[str]:
    """Events that could start, stop or resume something, or are looked back at."""
    concerned = frozenset().union(*(code.concerned_by for code in program.rules), program.dispatch)
    return concerned | program.reads | program.needs.names
