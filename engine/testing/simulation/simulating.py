"""A simulation over everything that is stored, customer by customer, in one pass."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

from asyncpg.pgproto.pgproto import UUID  # the same values as uuid.UUID, found in a dict four times faster

from engine.core import calendar
from engine.core.conditions.program import Program
from engine.core.identity import derived_bytes
from engine.core.model import Customer, Event
from engine.storage.database import Connection
from engine.storage.events.replays import customers_in_order, events_by_customer
from engine.storage.events.stored import event_of
from engine.testing.simulation.counted import Simulation
from engine.testing.simulation.replay import Heard, Replay
from engine.testing.virtual.world import World

#: Told how many events were replayed so far.
OnProgress = Callable[[int], None]
#: Told of each customer's world at the end of the time.
OnWorld = Callable[[World], None]


_AT_LEAST = timedelta(days=400)  # what was told of a customer in that time is known, though no rule counts it
_ZONES = timedelta(days=2)  # days begin at another time in another zone
_UTC = ZoneInfo("UTC")
_FIELDS = ("email", "phone", "timezone", "locale", "consent")


async def simulate_stored(
    connection: Connection,
    replay: Replay,
    simulation: Simulation,
    *,
    on_progress: OnProgress,
    on_world: OnWorld | None = None,
) -> Simulation:
    """Adds to `simulation`. One transaction: what comes meanwhile is not seen."""
    everybody = replay.program.standing is not None
    snapshot = connection.transaction(isolation="repeatable_read", readonly=True)
    async with snapshot, aclosing(_groups(connection, replay)) as events:
        group = await anext(events, None)
        async for row in customers_in_order(connection):
            while group is not None and group[0] < row["id"]:  # of a customer who was merged into another
                group = await anext(events, None)
            rows: Sequence[Any] = ()
            if group is not None and group[0] == row["id"]:
                rows, group = group[1], await anext(events, None)
            if rows or everybody:
                world = _replayed(replay, row, [event_of(each) for each in rows])
                simulation.add(world)
                if world is not None and on_world is not None:
                    on_world(world)
            on_progress(len(rows))
    simulation.promo.update(issue.pool for issue in replay.pools.issued)
    return simulation


def _replayed(replay: Replay, row: Any, events: Sequence[Event]) -> World | None:
    is_new, contacts = row["first_seen"] >= replay.since, frozenset(row["contacts"])
    return replay.customer(customer_before(row, events), events, is_new=is_new, contacts=contacts)


async def _groups(connection: Connection, replay: Replay) -> AsyncGenerator[tuple[UUID, list[Any]], None]:
    """Customer and all their events."""
    customer: UUID | None = None
    rows: list[Any] = []
    back_to = _back_to(replay.program, replay.since)
    stream = events_by_customer(connection, replay.heard, since=replay.since, until=replay.until, back_to=back_to)
    async with aclosing(stream):
        async for row in stream:
            if row["customer"] != customer:
                if customer is not None:
                    yield customer, rows
                customer, rows = row["customer"], []
            rows.append(row)
    if customer is not None:
        yield customer, rows


@dataclass(slots=True)
class Told:
    """What is known of one customer from elsewhere: when they were first heard of, and what a plan hears of them."""

    first_seen: datetime
    events: list[Heard] = field(default_factory=list)


def simulate_told(
    replay: Replay, simulation: Simulation, customers: Mapping[str, Told], *, on_progress: OnProgress
) -> Simulation:
    """Customers by their keys, with events in any order."""
    for key, told in sorted(customers.items()):
        if told.first_seen < replay.until:
            told.events.sort(key=itemgetter(0))
            simulation.add(_replayed_told(replay, key, told))
        on_progress(len(told.events))
    simulation.promo.update(issue.pool for issue in replay.pools.issued)
    return simulation


def _replayed_told(replay: Replay, key: str, told: Told) -> World | None:
    if not replay.is_concerned(told.events):
        return None
    known = UUID(derived_bytes("customer", key))
    events = [_heard(known, number, each) for number, each in enumerate(told.events) if each[0] < replay.until]
    return replay.customer(Customer(id=known, key=key), events, is_new=told.first_seen >= replay.since)


def _heard(customer: UUID, number: int, heard: Heard) -> Event:
    at, name, values = heard
    return Event(
        id=_number_id(number),
        customer=customer,
        kind="track" if name else "identify",
        name=name,
        at=at,
        received_at=at,
        properties=values,
    )


@lru_cache(maxsize=10_000)
def _number_id(number: int) -> UUID:
    """Of one customer's events each has its own: that is all that a replay asks."""
    return UUID(number.to_bytes(16, "big"))


def _back_to(program: Program, since: datetime) -> datetime | None:
    """Before this moment nothing is looked back at. None: there is no such moment."""
    beginnings = [since - _AT_LEAST]
    for need in program.needs.all.values():
        if need.is_endless:
            return None
        windows = (need.window, need.newest.window if need.newest is not None else None)
        beginnings += [calendar.add(since, each, _UTC, sign=-1) - _ZONES for each in windows if each is not None]
    return min(beginnings)


def customer_before(row: Any, events: Sequence[Event]) -> Customer:
    """As they were before: without what events have told since. What no event tells was always so."""
    told = {name for event in events if event.kind == "identify" for name in event.properties}
    known = {name: row[name] for name in _FIELDS if name not in told and row[name] is not None}
    attributes = {name: value for name, value in row["attributes"].items() if name not in told}
    return replace(Customer(id=row["id"], key=row["key"], attributes=attributes, tags=frozenset(row["tags"])), **known)
