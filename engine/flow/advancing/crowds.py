"""Crowds: customers for whom all that a decision depends on is equal. The core decides the first of them, and the
decision is copied for the others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from asyncpg.pgproto import pgproto

from engine.core.effects import Effects
from engine.core.standing.crowds import CrowdCode, Pattern, pattern_of
from engine.core.standing.index import WakeKey
from engine.storage.database import Connection
from engine.storage.runs.appointments import Due
from engine.storage.runs.copies import Copies, Originals, write_copies
from engine.storage.runs.crowds import what_tells_apart

#: With fewer customers than this, the statement that copies a decision costs more than it saves.
_FEWEST = 50

#: Partition and customer.
Place: TypeAlias = tuple[int, UUID]


class NotForAll(Exception):
    """The decision for the first of a crowd cannot be copied: each customer must be decided alone."""


@dataclass(slots=True)
class Crowd:
    """Customers with the same appointment and the same facts. The first is decided like anybody else."""

    key: WakeKey
    partitions: list[int] = field(default_factory=list)  # of each customer
    customers: list[UUID] = field(default_factory=list)

    @property
    def first(self) -> Place:
        return self.partitions[0], self.customers[0]


@dataclass(frozen=True, slots=True)
class Ground:
    """Where crowds are looked for: rules that can be decided once for many, and each partition's horizon."""

    codes: Mapping[WakeKey, CrowdCode]
    horizons: Mapping[int, datetime]  # of partitions whose customers were all looked at
    now: datetime
    busy: Collection[UUID]  # customers to whom something else happens in this batch


async def find_crowds(connection: Connection, due: Sequence[Due], ground: Ground) -> list[Crowd]:
    by_rule: dict[WakeKey, list[Due]] = {}
    for each in due:
        key: WakeKey = (each.errand, each.name)
        code = ground.codes.get(key)
        if code is not None and each.definition == code.definition and each.partition in ground.horizons:
            by_rule.setdefault(key, []).append(_without(ground.busy, each))
    crowds: list[Crowd] = []
    for key, listed in by_rule.items():
        if sum(len(each.customers) for each in listed) >= _FEWEST:
            crowds += await _crowds_of(connection, key, listed, ground)
    return crowds


def _without(busy: Collection[UUID], due: Due) -> Due:
    if not busy:
        return due
    return due._replace(customers=[customer for customer in due.customers if customer not in busy])


async def _crowds_of(connection: Connection, key: WakeKey, due: Sequence[Due], ground: Ground) -> list[Crowd]:
    crowds: dict[Any, Crowd] = {}
    for place, customers, facts in await what_tells_apart(connection, ground.codes[key], due, ground.now):
        each = due[place]
        told_apart = (each.at, each.occasion, each.done, ground.horizons[each.partition], facts)
        crowd = crowds.setdefault(told_apart, Crowd(key))
        crowd.partitions += [each.partition] * len(customers)
        crowd.customers += customers
    return [crowd for crowd in crowds.values() if len(crowd.customers) >= _FEWEST]


@dataclass(frozen=True, slots=True)
class Copied:
    """A decision, and for whom else it is written."""

    pattern: Pattern
    partitions: Sequence[int]  # of each customer
    customers: Sequence[UUID]

    def __len__(self) -> int:
        return len(self.customers)

    @property
    def messages(self) -> int:
        return len(self) if self.pattern.message is not None else 0


def copied(crowd: Crowd, effects: Effects | None) -> Copied:
    """Raises NotForAll."""
    pattern = pattern_of(effects, crowd.key) if effects is not None else None
    if pattern is None:
        raise NotForAll
    return Copied(pattern, crowd.partitions[1:], crowd.customers[1:])


async def copy_decisions(connection: Connection, decisions: Sequence[Copied]) -> None:
    """Raises UniqueViolationError where a run exists already."""
    patterns = list(enumerate(each.pattern for each in decisions))
    originals = Originals(
        appointments=[(place, each.appointment) for place, each in patterns],
        runs=[(place, each.run) for place, each in patterns if each.run is not None],
        messages=[(place, each.message) for place, each in patterns if each.message is not None],
        marks=[(place, each.mark) for place, each in patterns if each.mark is not None],
        notes=[(place, note) for place, each in patterns for note in each.notes],
    )
    await write_copies(connection, _copies(decisions), originals)


def _copies(decisions: Sequence[Copied]) -> Copies:
    copies = Copies()
    for place, each in enumerate(decisions):
        events, runs, messages = each.pattern.ids_for(customer.hex for customer in each.customers)
        copies.decision.extend([place] * len(each))
        copies.partition.extend(each.partitions)
        copies.customer.extend(each.customers)
        copies.event.extend(map(pgproto.UUID, events))
        copies.run.extend(map(pgproto.UUID, runs))
        copies.message.extend(map(pgproto.UUID, messages) if messages else [None] * len(each))
    return copies
