"""The engine with one safeguard taken out: a simulation is worth what it finds then."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sabotage:
    """Statements that contain the first of a pair go to the server with the second in its place."""

    name: str
    found_by: tuple[int, ...]  # seeds
    swaps: tuple[tuple[str, str], ...] = ()

    def on(self, query: str) -> str:
        for old, new in self.swaps:
            query = query.replace(old, new)
        return query


_CURSOR_LOCK = ("ORDER BY partition FOR UPDATE SKIP LOCKED", "ORDER BY partition")
_FENCE = ("AND c.xid = m.old_xid AND c.seq = m.old_seq AND c.epoch = m.old_epoch", "")
_CLAIM_LOCK = ("ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED", "ORDER BY due_at LIMIT $1")

SABOTAGES = (
    Sabotage("the cursor is neither locked nor compared", (21, 22), (_CURSOR_LOCK, _FENCE)),
    Sabotage("messages are claimed without a lock", (0, 13), (_CLAIM_LOCK,)),
)
