"""What a batch reads and notes of customers outside of runs: memberships, appointments, and the fill after a
publication that watches something else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from uuid import UUID

from engine.core.model import Appointment, Membership
from engine.runtime import LoadedRules
from engine.storage.database import Connection
from engine.storage.events.cursors import Cursor
from engine.storage.runs.appointments import appointments_of, due_appointments
from engine.storage.segments.fills import Pass, Slice, begun, is_unfilled, next_slices, note_slices
from engine.storage.segments.memberships import memberships_of

#: Customers that a full batch decides one by one, and that one statement looks at.
FULL_FILL = 500
_AT_ONCE = 10_000


@dataclass
class Standing:
    """Of one batch. Nothing is read where nothing is watched, and nothing of it is left."""

    digest: str  # of what the live rules watch
    is_watched: bool = False
    unfilled: frozenset[int] = frozenset()  # partitions that have customers who were not looked at yet
    slices: list[Slice] = field(default_factory=list)
    due: list[tuple[int, UUID]] = field(default_factory=list)  # partition and customer of appointments
    due_left: frozenset[int] = frozenset()

    def has_looked_at(self, partition: int, customer: UUID) -> bool:
        """Before this batch, or in it by SQL: all that is true of the customer by the live rules is noted."""
        if partition not in self.unfilled:
            return True
        now = self._slices_by_partition.get(partition)
        if now is None or customer in now.customers:
            return False
        return now.filled_to is None or customer <= now.filled_to

    @cached_property
    def _slices_by_partition(self) -> dict[int, Slice]:
        return {each.partition: each for each in self.slices}

    @property
    def left(self) -> frozenset[int]:
        """Partitions with more to do at once."""
        return self.due_left | {each.partition for each in self.slices if each.filled_to is not None}


@dataclass(frozen=True, slots=True)
class Looking:
    """What is live now, and how many appointments and customers are decided one by one, over all partitions."""

    live: LoadedRules
    now: datetime
    appointments: int
    customers: int


async def find_standing(
    connection: Connection, cursors: Sequence[Cursor], looking: Looking, *, horizons: Sequence[tuple[int, datetime]]
) -> Standing:
    """Due appointments, and the next customers of the fill: those whom SQL can tell about are noted at once."""
    digest = looking.live.standing
    unfilled = [cursor for cursor in cursors if is_unfilled(cursor, digest)]
    if not (digest or unfilled):
        return Standing(digest)
    found = Standing(digest, is_watched=True, unfilled=frozenset(cursor.partition for cursor in unfilled))
    if looking.appointments:
        each = max(1, looking.appointments // len(cursors))
        found.due = await due_appointments(connection, horizons, limit=each)
        counts = Counter(partition for partition, _ in found.due)
        found.due_left = frozenset(partition for partition, count in counts.items() if count >= each)
    if unfilled:
        found.slices = (
            await _next_slices(connection, unfilled, looking) if looking.customers else begun(unfilled, digest)
        )
    return found


async def _next_slices(connection: Connection, unfilled: Sequence[Cursor], looking: Looking) -> list[Slice]:
    digest, fill = looking.live.standing, looking.live.fill
    each = max(1, looking.customers // len(unfilled))
    # When a batch failed less is taken at a time, and each customer is then decided alone.
    if fill is None or looking.customers < FULL_FILL:
        return await next_slices(connection, unfilled, digest, limit=each)
    many = max(1, _AT_ONCE // len(unfilled))
    return await note_slices(connection, unfilled, digest, Pass(fill, looking.now, many, each))


async def noted_of(
    connection: Connection, standing: Standing, partitions: Sequence[int], customers: Sequence[UUID]
) -> tuple[dict[UUID, dict[str, Membership]], dict[UUID, list[Appointment]]]:
    """Memberships and appointments of customers given with their partitions."""
    if not standing.is_watched:
        return {}, {}
    memberships = await memberships_of(connection, partitions, customers)
    return memberships, await appointments_of(connection, partitions, customers)
