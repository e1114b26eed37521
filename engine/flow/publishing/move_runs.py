"""Carries out what was planned for people inside of changed rules, after a publication: partition by partition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from engine.core.effects import Note, Withdrawal
from engine.core.model import Run
from engine.core.reasons.of_runs import BEGINS_ANEW, CANCELLED, GOES_ON
from engine.core.runs.moving import Fate, cancelled, moved, places_after, restarted
from engine.failpoints import reach
from engine.runtime import Runtime
from engine.storage.database import Connection
from engine.storage.events.cursors import lock_cursors
from engine.storage.runs.bulk import runs_of_rule_sets, save_runs
from engine.storage.runs.decisions import insert_notes, withdraw_messages

_AT_ONCE = 500
_NOTED: Mapping[Fate, Literal["restarted", "ended", "changed"]] = {
    "move": "changed",
    "restart": "restarted",
    "cancel": "ended",
}
_REASONS: Mapping[Fate, str] = {
    "move": GOES_ON.recorded,
    "restart": BEGINS_ANEW.recorded,
    "cancel": CANCELLED.recorded,
}


@dataclass(frozen=True, slots=True)
class Moved:
    """How many runs went each way. `stayed`: they could not move, and finish on their own version."""

    moved: int = 0
    restarted: int = 0
    cancelled: int = 0
    stayed: int = 0

    def __add__(self, other: Moved) -> Moved:
        return Moved(
            self.moved + other.moved,
            self.restarted + other.restarted,
            self.cancelled + other.cancelled,
            self.stayed + other.stayed,
        )


@dataclass(frozen=True, slots=True)
class Orders:
    """The rule set that is live now, and what becomes of runs of others, by rule."""

    rule_set: int
    fates: Mapping[str, Fate]


async def move_runs(runtime: Runtime, rule_set: int, fates: Mapping[str, Fate]) -> Moved:
    """Of each rule by name, all runs that are pinned to other rule sets than this new one. May be called again: what
    was done is not done twice."""
    total = Moved()
    chosen = {rule: fate for rule, fate in fates.items() if fate != "finish"}
    if not chosen:
        return total
    for partition in range(runtime.partitions):
        after = None
        while True:
            async with runtime.database.transaction() as connection:
                await lock_cursors(connection, [partition], wait=True)
                runs = await runs_of_rule_sets(
                    connection, partition, sorted(chosen), but=rule_set, after=after, limit=_AT_ONCE
                )
                total += await _carry_out(connection, runtime, partition, runs, to=Orders(rule_set, chosen))
                reach("move.written")
            reach("move.committed")
            if len(runs) < _AT_ONCE:
                break
            after = runs[-1].id
        await runtime.waker.wake({partition})
    return total


async def _carry_out(
    connection: Connection, runtime: Runtime, partition: int, runs: Sequence[Run], *, to: Orders
) -> Moved:
    if not runs:
        return Moved()
    now: datetime = await connection.fetchval("SELECT clock_timestamp()")
    changed: list[tuple[Run, Fate]] = []
    for run in runs:
        after = await _after(connection, runtime, run, to, now)
        if after is not None:
            changed.append((after, to.fates[run.rule]))
    if changed:
        await _write(connection, partition, changed, now)
    counts = Counter(fate for _, fate in changed)
    return Moved(counts["move"], counts["restart"], counts["cancel"], len(runs) - len(changed))


async def _after(connection: Connection, runtime: Runtime, run: Run, to: Orders, now: datetime) -> Run | None:
    """None: it stays as it is."""
    fate = to.fates[run.rule]
    if fate == "cancel":
        return cancelled(run, now)
    new = (await runtime.programs.load(connection, to.rule_set)).program.by_name.get(run.rule)
    if new is None:
        return None
    if fate == "restart":
        return restarted(run, to.rule_set, now)
    old = (await runtime.programs.load(connection, run.rule_set)).program.by_name[run.rule]
    return moved(run, to.rule_set, places_after(old.rule, new.rule))


async def _write(connection: Connection, partition: int, changed: Sequence[tuple[Run, Fate]], now: datetime) -> None:
    taken_back = [Withdrawal(run=run.id, reason=_REASONS[fate]) for run, fate in changed if fate != "move"]
    if taken_back:
        await withdraw_messages(connection, [(partition, withdrawal) for withdrawal in taken_back])
    await save_runs(connection, [(partition, run) for run, _ in changed])
    notes = [Note(run=run.id, at=now, line=0, what=_NOTED[fate], detail=_REASONS[fate]) for run, fate in changed]
    await insert_notes(connection, [(partition, note) for note in notes])
