"""What a batch reads and records of customers besides their runs: memberships of segments, appointments, and the fill.

The fill looks at all customers again, after a publication whose rules watch something else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from uuid import UUID

from engine.core.model import Appointment
from engine.flow.advancing.crowds import Crowd, Ground, find_crowds
from engine.runtime import LoadedRules
from engine.storage.database import Connection
from engine.storage.events.cursors import Cursor
from engine.storage.runs.appointments import Due, appointments_of, due_appointments
from engine.storage.segments.fills import Pass, Slice, begun, is_unfilled, next_slices, note_slices
from engine.storage.segments.memberships import memberships_of

#: Customers of the fill that one batch decides one by one, and those that one SQL statement looks at.
FULL_FILL = 500
_AT_ONCE = 10_000


@dataclass
class Standing:
    """Of one batch. Empty when the live rules watch nothing, and no earlier fill is unfinished."""

    digest: str  # of what the live rules watch
    is_watched: bool = False
    unfilled: frozenset[int] = frozenset()  # partitions that have customers who were not looked at yet
    slices: list[Slice] = field(default_factory=list)
    due: list[tuple[int, UUID]] = field(default_factory=list)  # partition and customer of appointments
    crowds: list[Crowd] = field(default_factory=list)  # with more of them; their first ones are due as well
    due_left: frozenset[int] = frozenset()

    def has_looked_at(self, partition: int, customer: UUID) -> bool:
        """Whether all that the live rules watch of the customer is recorded: before this batch, or by its SQL."""
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
    """What is live, and how much one batch takes, over all partitions."""

    live: LoadedRules
    now: datetime
    appointments: int
    customers: int
    crowd: int  # appointments among which crowds are looked for
    busy: Collection[UUID]  # to whom something else happens


async def find_standing(
    connection: Connection, cursors: Sequence[Cursor], looking: Looking, *, horizons: Mapping[int, datetime]
) -> Standing:
    """Due appointments, and the next customers of the fill. Those whom SQL can judge by itself are recorded here."""
    digest = looking.live.standing
    unfilled = [cursor for cursor in cursors if is_unfilled(cursor, digest)]
    if not (digest or unfilled):
        return Standing(digest)
    found = Standing(digest, is_watched=True, unfilled=frozenset(cursor.partition for cursor in unfilled))
    if looking.appointments and looking.crowd and looking.live.crowds:
        await _find_crowds(connection, found, looking, horizons)
    elif looking.appointments:
        each = max(1, looking.appointments // len(cursors))
        due = await due_appointments(connection, horizons, limit=each)
        found.due = [(one.partition, customer) for one in due for customer in one.customers]
        found.due_left = with_at_least(each, _sizes(due))
    if unfilled:
        found.slices = (
            await _next_slices(connection, unfilled, looking) if looking.customers else begun(unfilled, digest)
        )
    return found


async def _find_crowds(
    connection: Connection, found: Standing, looking: Looking, horizons: Mapping[int, datetime]
) -> None:
    """The oldest appointments come first, in a crowd or alone."""
    each = max(1, looking.crowd // len(horizons))
    due = await due_appointments(connection, horizons, limit=each)
    filled = {partition: at for partition, at in horizons.items() if partition not in found.unfilled}
    ground = Ground(looking.live.crowds, filled, looking.now, looking.busy)
    found.crowds = await find_crowds(connection, due, ground)
    together = {customer for crowd in found.crowds for customer in crowd.customers}
    alone = [(one.partition, customer) for one in due for customer in one.customers if customer not in together]
    found.due = [*(crowd.first for crowd in found.crowds), *alone[: looking.appointments]]
    found.due_left = with_at_least(each, _sizes(due)) | {partition for partition, _ in alone[looking.appointments :]}


def _sizes(due: Iterable[Due]) -> Iterator[tuple[int, int]]:
    return ((each.partition, len(each.customers)) for each in due)


def with_at_least(count: int, read: Iterable[tuple[int, int]]) -> frozenset[int]:
    """Partitions of which at least `count` rows were read: more may be left. `read`: partitions with row counts."""
    found = Counter[int]()
    for partition, many in read:
        found[partition] += many
    return frozenset(partition for partition, total in found.items() if total >= count)


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
) -> tuple[dict[UUID, dict[str, str]], dict[UUID, list[Appointment]]]:
    """Memberships and appointments of customers given with their partitions."""
    if not standing.is_watched:
        return {}, {}
    memberships = await memberships_of(connection, partitions, customers)
    return memberships, await appointments_of(connection, partitions, customers)
