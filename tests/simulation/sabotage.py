"""The engine with one safeguard taken out: a simulation is worth what it finds then."""

from __future__ import annotations

from dataclasses import dataclass

from tests.simulation.server import OTHER_CONNECTIONS


@dataclass(frozen=True, slots=True)
class Sabotage:
    """Statements that contain the first of a pair go to the server with the second in its place."""

    name: str
    found_by: tuple[int, ...]  # seeds with the situation: some find it
    swaps: tuple[tuple[str, str], ...] = ()
    commits_before: str = ""  # a statement with this: what its transaction did so far is committed apart
    gathers: str = ""  # its worlds have storms, whose faults gather at gates of this kind
    only: str = ""  # and go wrong nowhere but at those whose names begin so
    slow: str = ""  # in its worlds gates of this kind are slow, as `Director.slow`

    def on(self, query: str) -> str:
        for old, new in self.swaps:
            query = query.replace(old, new)
        return query


_OLDEST_OPEN = "e.xid < pg_snapshot_xmin(pg_current_snapshot()) AS settled"
_CURSOR_LOCK = ("ORDER BY partition FOR UPDATE SKIP LOCKED", "ORDER BY partition")
_FENCE = ("AND c.xid = m.old_xid AND c.seq = m.old_seq AND c.epoch = m.old_epoch", "")
_CLAIM_LOCK = ("FOR UPDATE SKIP LOCKED\n        ) waiting", ") waiting")

_ENDS_OTHERS = f"reason = (SELECT count(pg_terminate_backend(pid))::text {OTHER_CONNECTIONS})"

#: No safeguard is taken out: the world itself breaks down, with all that is under way in it.
BREAKDOWN = Sabotage(
    "whoever claims messages ends all other connections",
    (),
    (("SET state = 'sending'", f"SET state = 'sending', {_ENDS_OTHERS}"),),
)

_OF_CROWDS = (1227, 713, 1325, 1057, 576, 572, 352, 1347)
_OF_THREE = (12, 16, 24, 37, 2, 4, 5, 13, 15, 23)  # customers
_OF_ORDERS = (17, 23, 30, 38, 43, 73, 2, 9, 28, 52)

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
    Sabotage(
        "effects are committed before the cursor",
        _OF_THREE,
        commits_before="UPDATE partition_cursor c SET xid",
        gathers="written",
        only="UPDATE partition_cursor",
    ),
    Sabotage(
        "a verdict is anybody's",
        _OF_ORDERS,
        (("(g.attempt IS NULL OR m.attempt = g.attempt)", "true"),),
        gathers="provider",
        only="email order",
    ),
)
#: Found in few seeds, in others after each change of the engine's statements: `python -m tests.simulation --without`.
RARE = (
    Sabotage("the cursor is neither locked nor compared", (43, 709, 99), (_CURSOR_LOCK, _FENCE)),
    Sabotage("events are read beside older open transactions", _OF_CROWDS, ((_OLDEST_OPEN, "true AS settled"),)),
    Sabotage(
        "an unsubscribe leaves what is queued",
        (38,),
        (("OR m.state = 'queued' AND m.due_at <= clock_timestamp() + $3::interval", "AND $3::interval IS NOT NULL"),),
        slow="wor commit",
    ),
)
