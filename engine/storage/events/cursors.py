"""How far each partition has been decided. Whoever moves a cursor must prove that nobody else has (law 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from engine.errors import KogdaError
from engine.storage.database import Connection

#: An event becomes visible at most this long after its `received_at`, the start of the transaction that wrote it.
SLOWEST_WRITER = timedelta(days=1)


class Fenced(KogdaError):
    """Another worker moved the cursor meanwhile: everything decided from the old place must be rolled back."""

    def __init__(self, partitions: Sequence[int]) -> None:
        super().__init__(f"partitions {', '.join(map(str, partitions))} were decided by another worker meanwhile")
        self.partitions = tuple(partitions)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last decided event of a partition."""

    partition: int
    xid: int
    seq: int
    floor: datetime  # no undecided event was received before it
    epoch: int
    standing: str = ""  # digest of what the customers of the partition were last looked at for
    filled_to: UUID | None = None  # the last one looked at; None: all were

    def at(self, xid: int, seq: int, received_at: datetime) -> Cursor:
        """After one more event. `xid` and `seq` must not lie behind."""
        return replace(self, xid=xid, seq=seq, floor=max(self.floor, received_at - SLOWEST_WRITER))


async def lock_cursors(connection: Connection, partitions: Sequence[int], *, wait: bool = False) -> list[Cursor]:
    """The cursors, locked until the transaction ends, in ascending order so that two workers cannot deadlock.

    Without `wait`, those that another worker holds are left out.
    """
    rows = await connection.fetch(_LOCK_ALL if wait else _LOCK_FREE, partitions)
    return [Cursor(*row) for row in rows]


async def all_cursors(connection: Connection) -> list[Cursor]:
    """As they are at this moment, for who only looks."""
    return [Cursor(*row) for row in await connection.fetch(_READ + " ORDER BY partition")]


# A clock that was far ahead for a while must not leave a floor above what comes after it was set right.
_READ = """
    SELECT partition, xid, seq, least(floor, now() - interval '1 day'), epoch, standing, filled_to FROM partition_cursor
"""
_LOCK_ALL = _READ + " WHERE partition = ANY($1::smallint[]) ORDER BY partition FOR UPDATE"
_LOCK_FREE = _LOCK_ALL + " SKIP LOCKED"


async def move_cursors(connection: Connection, moves: Sequence[tuple[Cursor, Cursor]]) -> None:
    """Compare and set, from the first of each pair to the second. Raises Fenced unless every one was in its place."""
    moved = await connection.fetch(
        """
        UPDATE partition_cursor c SET xid = m.xid, seq = m.seq, floor = m.floor, epoch = c.epoch + 1
        FROM unnest($1::smallint[], $2::xid8[], $3::bigint[], $4::bigint[], $5::xid8[], $6::bigint[], $7::timestamptz[])
            AS m (partition, old_xid, old_seq, old_epoch, xid, seq, floor)
        WHERE c.partition = m.partition AND c.xid = m.old_xid AND c.seq = m.old_seq AND c.epoch = m.old_epoch
        RETURNING c.partition
        """,
        [old.partition for old, _ in moves],
        [old.xid for old, _ in moves],
        [old.seq for old, _ in moves],
        [old.epoch for old, _ in moves],
        [new.xid for _, new in moves],
        [new.seq for _, new in moves],
        [new.floor for _, new in moves],
    )
    if len(moved) != len(moves):
        found = {row["partition"] for row in moved}
        raise Fenced([old.partition for old, _ in moves if old.partition not in found])
