"""Unsubscribe against send, in any order of their steps: a model of what PostgreSQL does with rows and locks.

The model has what matters of READ COMMITTED: a statement sees what was committed when it began, takes locks one after
the other, looks again at a row that it had to wait for, and passes over locked rows where it says SKIP LOCKED.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from dataclasses import dataclass, field

import pytest

SCHEDULES = 10_000
Steps = Generator[None, None, None]


@dataclass
class Database:
    consent: bool = True
    #: Message -> state, as committed, with the attempt or, of a queued one, when it is due.
    states: dict[int, tuple[str, int]] = field(default_factory=dict)
    locks: dict[int | str, object] = field(default_factory=dict)  # row -> the transaction that has it
    handed_over: list[str] = field(default_factory=list)  # "before" or "after" the answer
    answered: bool = False
    clock: int = 0

    def now(self) -> int:
        self.clock += 1
        return self.clock

    def free(self, row: int | str, me: object) -> bool:
        return self.locks.get(row, me) is me

    def commit(self, me: object, changes: dict[int, tuple[str, int]]) -> None:
        self.states |= changes
        self.locks = {row: owner for row, owner in self.locks.items() if owner is not me}


def is_due(db: Database, row: int, now: int) -> bool:
    state, due = db.states[row]
    return state == "queued" and due <= now


def worker(db: Database, chance: random.Random, *, rounds: int, queues_later: bool) -> Steps:
    for _ in range(rounds):
        me, now = object(), db.now()
        consent, seen = db.consent, [row for row in db.states if is_due(db, row, now)]
        yield
        changes: dict[int, tuple[str, int]] = {}
        for row in seen:
            if db.free(row, me) and is_due(db, row, now):
                db.locks[row] = me
                changes[row] = ("sending", db.now()) if consent else ("suppressed", 0)
            yield
        db.commit(me, changes)
        yield
        for row, (state, attempt) in changes.items():
            if state == "sending":
                yield from hand_over(db, row, attempt, chance, queues_later=queues_later)


def hand_over(db: Database, row: int, attempt: int, chance: random.Random, *, queues_later: bool) -> Steps:
    for _ in range(chance.randrange(3)):
        yield
    put_off = chance.random() < 0.4
    if not put_off:
        db.handed_over.append("after" if db.answered else "before")
    yield
    me = object()
    while not db.free(row, me):
        yield
    if db.states[row] == ("sending", attempt):
        db.commit(me, {row: ("queued", db.now() if queues_later else 0) if put_off else ("sent", 0)})


def decider(db: Database, chance: random.Random) -> Steps:
    """A batch of the partition: it holds the cursor, and makes a new message."""
    for _ in range(chance.randrange(6)):
        yield
    me = object()
    while not db.free("cursor", me):
        yield
    db.locks["cursor"] = me
    yield
    db.commit(me, {len(db.states): ("queued", 0)})


def unsubscribe(db: Database, chance: random.Random, *, locks_sending: bool, closes_queued: bool, waits: bool) -> Steps:
    for _ in range(chance.randrange(20)):
        yield
    me = object()
    while not db.free("cursor", me):
        yield
    db.locks["cursor"] = me
    wanted = ("queued", "sending") if locks_sending else ("queued",)
    seen = [row for row, (state, _) in db.states.items() if state in wanted]
    changes: dict[int, tuple[str, int]] = {}
    in_hand: dict[int, int] = {}
    for row in seen:
        while not db.free(row, me):
            yield
        state, attempt = db.states[row]
        if state in ("queued", "sending"):
            db.locks[row] = me
        if state == "queued" and closes_queued:
            changes[row] = ("suppressed", 0)
        if state == "sending":
            in_hand[row] = attempt
        yield
    db.consent = False  # all of it becomes visible at one moment
    db.commit(me, changes)
    yield
    while waits and any(db.states[row] == ("sending", attempt) for row, attempt in in_hand.items()):
        yield
    db.answered = True


def late_hand_overs(
    *, locks_sending: bool = True, closes_queued: bool = True, waits: bool = True, queues_later: bool = True
) -> int:
    late = 0
    for schedule in range(SCHEDULES):
        chance = random.Random(schedule)
        db = Database(states={row: ("queued", 0) for row in range(chance.randrange(1, 4))})
        actors = [
            *(worker(db, chance, rounds=4, queues_later=queues_later) for _ in range(2)),
            decider(db, chance),
            unsubscribe(db, chance, locks_sending=locks_sending, closes_queued=closes_queued, waits=waits),
        ]
        while actors:
            actor = chance.choice(actors)
            if next(actor, actors) is actors:
                actors.remove(actor)
        assert db.answered
        late += "after" in db.handed_over
    return late


def test_in_ten_thousand_interleavings_nothing_is_handed_over_after_the_answer():
    assert late_hand_overs() == 0


@pytest.mark.parametrize("without", ["locks_sending", "closes_queued", "waits", "queues_later"])
def test_each_part_of_the_protocol_is_needed(without: str):
    assert late_hand_overs(**{without: False}) > 0
