"""The engine with one safeguard taken out: a simulation is worth what it finds then."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sabotage:
    """Statements that contain the first of a pair go to the server with the second in its place."""

    name: str
    found_by: tuple[int, ...]  # seeds with the situation: some find it
    swaps: tuple[tuple[str, str], ...] = ()
    commits_before: str = ""  # a statement with this: what its transaction did so far is committed apart

    def on(self, query: str) -> str:
        for old, new in self.swaps:
            query = query.replace(old, new)
        return query


_OLDEST_OPEN = "e.xid < pg_snapshot_xmin(pg_current_snapshot()) AS settled"
_CURSOR_LOCK = ("ORDER BY partition FOR UPDATE SKIP LOCKED", "ORDER BY partition")
_FENCE = ("AND c.xid = m.old_xid AND c.seq = m.old_seq AND c.epoch = m.old_epoch", "")
_CLAIM_LOCK = ("FOR UPDATE SKIP LOCKED\n        ) waiting", ") waiting")

_OF_CROWDS = (1227, 713, 1325, 1057, 576, 572, 352, 1347)
_OF_PROVIDERS = (60, 0, 5, 16, 40, 56, 68, 81, 85, 89)

#: Found at each commit.
SABOTAGES = (
    Sabotage("messages are claimed without a lock", (2, 0, 1, 3, 4, 5, 6, 7, 8), (_CLAIM_LOCK,)),
    Sabotage(
        "a timer fires a second early",
        (0, 2, 1, 3, 4, 5, 6, 7),
        (("SELECT clock_timestamp() AS now, (", "SELECT clock_timestamp() + interval '1 second' AS now, ("),),
    ),
    Sabotage(
        "an unsubscribe does not wait for what is in hand",
        (558, 741, 577),
        (("WHERE m.state = 'sending' AND m.attempt = a.attempt", "WHERE false"),),
    ),
)
#: Found in few seeds, in others after each change of the engine's statements: `python -m tests.simulation --without`.
RARE = (
    Sabotage("effects are committed before the cursor", (63, 91), commits_before="UPDATE partition_cursor c SET xid"),
    Sabotage("the cursor is neither locked nor compared", (21, 22), (_CURSOR_LOCK, _FENCE)),
    Sabotage("a verdict is anybody's", _OF_PROVIDERS, (("(g.attempt IS NULL OR m.attempt = g.attempt)", "true"),)),
    Sabotage("events are read beside older open transactions", _OF_CROWDS, ((_OLDEST_OPEN, "true AS settled"),)),
    Sabotage(
        "an unsubscribe leaves what is queued",
        (20,),
        (("OR m.state = 'queued' AND m.due_at <= clock_timestamp() + $3::interval", "AND $3::interval IS NOT NULL"),),
    ),
)
