"""The oracle: what had to arrive against what the tables say and what the mail server was given. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from api.drill.stories import Due, Story, all_due

#: States in which a message is at rest and need not come again.
_SETTLED = ("sent", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A message as the database has it at the end."""

    message: UUID
    due: Due
    state: str
    maybe_duplicate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Mails, each named once. Nothing lost and nothing doubled: the first four are empty."""

    due: int
    missing: tuple[Due, ...]  # no message, or none that was sent or is listed as unknown
    not_arrived: tuple[Due, ...]  # said to be sent, and the mail server never saw it
    unasked: tuple[Due, ...]  # made twice, or for nobody's event
    doubled: tuple[Due, ...]  # arrived twice, and nobody warns of it
    marked: int  # sent again after a worker died with it, and marked as a possible double
    came_twice: int  # of those that are marked
    unknown: int  # in a dead worker's hands: listed, and not sent again
    unknown_arrived: int  # of those

    @property
    def lost(self) -> int:
        return len(self.missing) + len(self.not_arrived)

    @property
    def twice(self) -> int:
        return len(self.unasked) + len(self.doubled)

    @property
    def is_good(self) -> bool:
        return not self.lost and not self.twice


def judge(told: Iterable[Story], made: Iterable[Made], arrived: Mapping[UUID, int]) -> Verdict:
    """`told`: what was acknowledged. `arrived`: how often the mail server was given each message."""
    due, rows = all_due(told), list(made)
    settled = Counter(row.due for row in rows if row.state in _SETTLED)
    unknown = [row for row in rows if row.state == "unknown"]
    marked = [row for row in rows if row.maybe_duplicate]
    return Verdict(
        due=due.total(),
        missing=tuple((due - settled).elements()),
        not_arrived=tuple(row.due for row in rows if row.state == "sent" and not arrived.get(row.message)),
        unasked=tuple((Counter(row.due for row in rows) - due).elements()),
        doubled=tuple(row.due for row in rows if arrived.get(row.message, 0) > 1 and not row.maybe_duplicate),
        marked=len(marked),
        came_twice=sum(arrived.get(row.message, 0) > 1 for row in marked),
        unknown=len(unknown),
        unknown_arrived=sum(bool(arrived.get(row.message)) for row in unknown),
    )


MADE = """
    SELECT m.id, substr(c.key, 3), m.template, m.state, m.maybe_duplicate
    FROM message m JOIN customer c ON c.partition = m.partition AND c.id = m.customer
"""


#: What has not come to rest yet: decisions, waits, hand-overs.
UNDER_WAY = """
    SELECT (SELECT count(*) FROM message WHERE state IN ('queued', 'sending'))
         + (SELECT count(*) FROM run WHERE state <> 'ended')
         + (SELECT count(*) FROM outcome)
         + (SELECT count(*) FROM event e JOIN partition_cursor c USING (partition)
            WHERE (e.xid, e.seq) > (c.xid, c.seq))
"""


def as_made(rows: Iterable[tuple[UUID, str, str, str, bool]]) -> list[Made]:
    """Rows of the query `MADE`."""
    return [
        Made(message=message, due=Due(user_id, template), state=state, maybe_duplicate=maybe_duplicate)
        for message, user_id, template, state, maybe_duplicate in rows
    ]
