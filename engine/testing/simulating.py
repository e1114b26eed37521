"""A simulation over everything that is stored, customer by customer, in one pass."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from engine.core.identity import customer_id
from engine.core.model import Customer, Event
from engine.core.program import Program
from engine.storage.database import Connection
from engine.storage.queue import IDENTIFY, cause_of
from engine.storage.replays import customers_in_order, events_by_customer
from engine.testing.replay import Replay
from engine.testing.simulation import Simulation
from engine.testing.world import World

#: Told how many events were replayed so far.
OnProgress = Callable[[int], None]
#: Told of each customer's world at the end of the time.
OnWorld = Callable[[World], None]


def _unseen(_world: World) -> None:
    pass


_FIELDS = ("email", "phone", "timezone", "locale", "consent")


async def simulate_stored(
    connection: Connection,
    program: Program,
    simulation: Simulation,
    *,
    on_progress: OnProgress,
    on_world: OnWorld = _unseen,
) -> Simulation:
    """Adds to `simulation`. One transaction: what comes meanwhile is not seen."""
    replay = Replay(program, simulation.since, simulation.until)
    everybody = program.standing is not None
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        events = _groups(connection, replay.heard, simulation, back_to=_back_to(program, simulation.since))
        async with aclosing(events):
            group = await anext(events, None)
            async for row in customers_in_order(connection):
                while group is not None and group[0] < row["id"]:  # of a customer who was merged into another
                    group = await anext(events, None)
                rows: Sequence[Any] = ()
                if group is not None and group[0] == row["id"]:
                    rows, group = group[1], await anext(events, None)
                if rows or everybody:
                    told = [_event(each) for each in rows]
                    is_new = row["first_seen"] >= simulation.since
                    world = replay.customer(_customer(row, told), told, is_new=is_new)
                    simulation.add(world)
                    on_world(world)
                on_progress(len(rows))
    return simulation


async def _groups(
    connection: Connection, names: frozenset[str], simulation: Simulation, *, back_to: datetime | None
) -> AsyncGenerator[tuple[UUID, list[Any]], None]:
    """Customer and all their events."""
    customer: UUID | None = None
    rows: list[Any] = []
    stream = events_by_customer(connection, names, since=simulation.since, until=simulation.until, back_to=back_to)
    async with aclosing(stream):
        async for row in stream:
            if row["customer"] != customer:
                if customer is not None:
                    yield customer, rows
                customer, rows = row["customer"], []
            rows.append(row)
    if customer is not None:
        yield customer, rows


def simulate_events(
    program: Program, simulation: Simulation, events: Iterable[tuple[str, Event]], *, on_progress: OnProgress
) -> Simulation:
    """Events from elsewhere, each with the key of its customer, in any order. They are all held in memory."""
    replay = Replay(program, simulation.since, simulation.until)
    by_customer: dict[str, list[Event]] = {}
    for key, event in events:
        if event.received_at < simulation.until:
            by_customer.setdefault(key, []).append(event)
    for key, of_customer in sorted(by_customer.items()):
        of_customer.sort(key=lambda event: event.received_at)
        is_new = of_customer[0].received_at >= simulation.since
        simulation.add(replay.customer(Customer(id=customer_id(key), key=key), of_customer, is_new=is_new))
        on_progress(len(of_customer))
    return simulation


def _back_to(program: Program, since: datetime) -> datetime | None:
    """Before this moment nothing is looked back at."""
    lengths = [need.window for need in program.needs.all.values()]
    if any(window is None for window in lengths):
        return None
    return since - timedelta(days=400)


def _event(row: Any) -> Event:
    body = row["body"]
    return Event(
        id=row["id"],
        customer=row["customer"],
        kind="identify" if row["kind"] == IDENTIFY else "track",
        name=row["name"],
        at=row["at"],
        received_at=row["received_at"],
        properties=body.get("properties") or {},
        context=body.get("context") or {},
        historical=body.get("historical", False),
        cause=cause_of(body),
    )


def _customer(row: Any, events: Sequence[Event]) -> Customer:
    """As they were before: without what events have told since. What no event tells was always so."""
    told = {name for event in events if event.kind == "identify" for name in event.properties}
    known = {name: row[name] for name in _FIELDS if name not in told and row[name] is not None}
    attributes = {name: value for name, value in row["attributes"].items() if name not in told}
    return replace(Customer(id=row["id"], key=row["key"], attributes=attributes, tags=frozenset(row["tags"])), **known)
