"""The engine with one safeguard taken out: a simulation is worth what it finds then."""

from __future__ import annotations

from dataclasses import dataclass

_NEVER = "\0"


@dataclass(frozen=True, slots=True)
class Sabotage:
    """Statements that contain the first of a pair go to the server with the second in its place."""

    name: str
    swaps: tuple[tuple[str, str], ...] = ()
    commits_before: str = _NEVER  # a statement: what was done before it is committed without it

    def on(self, query: str) -> str:
        for old, new in self.swaps:
            query = query.replace(old, new)
        return query


_CURSOR_LOCK = ("ORDER BY partition FOR UPDATE SKIP LOCKED", "ORDER BY partition")
_FENCE = ("AND c.xid = m.old_xid AND c.seq = m.old_seq AND c.epoch = m.old_epoch", "")
_CLAIM_LOCK = ("ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED", "ORDER BY due_at LIMIT $1")

SABOTAGES = (
    Sabotage("effects are committed before the cursor", commits_before="UPDATE partition_cursor c SET"),
    Sabotage("the cursor is neither locked nor compared", (_CURSOR_LOCK, _FENCE)),
    Sabotage(
        "events are read above the oldest open transaction",
        (("e.xid < pg_snapshot_xmin(pg_current_snapshot())", "true"),),
    ),
    Sabotage("messages are claimed without a lock", (_CLAIM_LOCK,)),
    Sabotage(
        "a verdict is written whatever attempt it is of", (("(g.attempt IS NULL OR m.attempt = g.attempt)", "true"),)
    ),
    Sabotage("an attempt past its lease is not looked for", (("state = 'sending' AND deadline < now()", "false"),)),
    Sabotage(
        "an unsubscribe waits for nobody", (("WHERE m.state = 'sending' AND m.attempt = a.attempt", "WHERE false"),)
    ),
    Sabotage(
        "an unsubscribe closes nothing",
        (
            (
                "(m.state = 'sending' OR m.state = 'queued' AND m.due_at <= clock_timestamp() + $3::interval)",
                "($3::interval IS NULL)",
            ),
        ),
    ),
    Sabotage("caps are counted without a lock", (("pg_advisory_xact_lock($1, key)", "$1, key"),)),
    Sabotage(
        "timers fire a second early",
        (("SELECT clock_timestamp() AS now", "SELECT clock_timestamp() + interval '1 second' AS now"),),
    ),
    Sabotage(
        "outcomes are told twice",
        (("DELETE FROM outcome o USING", "DELETE FROM outcome o USING (SELECT 1 WHERE false) none,"),),
    ),
    Sabotage("the cursor is not locked, but compared", (_CURSOR_LOCK,)),
    Sabotage("the cursor is locked, and not compared", (_FENCE,)),
)
