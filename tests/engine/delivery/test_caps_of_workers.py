"""Four workers, any history, any caps: none is broken, and what is more important goes first."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsl.plan import Length
from engine.core.guards.cap import window_start
from engine.core.identity import customer_id
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.storage.database import Database
from tests.engine.delivery.outbox import Outbox, ScriptedChannel
from tests.engine.delivery.test_limits import BERLIN

WORKERS = 4
CHANNELS, RULES, PEOPLE = ("email", "sms"), ("a", "b", "c"), ("u:1", "u:2", "u:3")
TEMPLATES = {"email/cart.html": "---\nsubject: x\n---\nx", "sms/cart.txt": "x"}
A_FEW = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


class Old(NamedTuple):
    """A message that went out before."""

    person: str
    rule: str
    channel: str
    transactional: bool
    hours_ago: int


class Due(NamedTuple):
    person: str
    rule: str
    channel: str
    transactional: bool
    priority: int


people, rules, channels = st.sampled_from(PEOPLE), st.sampled_from(RULES), st.sampled_from(CHANNELS)
pers = st.sampled_from([Length(1, "hour"), Length(24, "hour"), Length(1, "day"), Length(7, "day"), Length(1, "month")])
olds = st.lists(st.builds(Old, people, rules, channels, st.booleans(), st.integers(0, 24 * 40)), max_size=15)
dues = st.lists(st.builds(Due, people, rules, channels, st.booleans(), st.integers(0, 3)), min_size=4, max_size=40)
caps = st.lists(st.tuples(st.integers(1, 4), pers, st.sampled_from([None, *CHANNELS])), min_size=1, max_size=3)


async def stage(
    database: Database, workspace: Sequence[Any], olds: Sequence[Old], dues: Sequence[Due], own: Any
) -> Outbox:
    """`own`: a cap that each rule has besides those of the workspace."""
    outbox = Outbox(database)
    await outbox.change("TRUNCATE message, run, once_mark, outcome, customer")
    await outbox.publish(
        templates=TEMPLATES,
        rules=RULES,
        caps=[{"limit": limit, "per": [per.amount, per.unit], "channel": channel} for limit, per, channel in workspace],
    )
    for person in PEOPLE:
        await outbox.customer(person, phone="+4917012345", timezone="Europe/Berlin")
    for number, old in enumerate(olds):
        message = await outbox.message(
            f"old {number}", key=old.person, rule=old.rule, channel=old.channel, transactional=old.transactional
        )
        await outbox.change(
            "UPDATE message SET state = 'sent', created_at = now() - $2::interval, settled_at = now() - $2::interval"
            " WHERE id = $1",
            message,
            timedelta(hours=old.hours_ago),
        )
    for number, due in enumerate(dues):
        written = [[own[0], own[2], own[1].amount, own[1].unit, 1]] if own else []
        await outbox.message(
            f"due {number}",
            key=due.person,
            rule=due.rule,
            channel=due.channel,
            transactional=due.transactional,
            limits={"priority": due.priority, "caps": written},
        )
    return outbox


async def all_work(database: Database, *, at_once: int = 3) -> None:
    workers = [Outbox(database) for _ in range(WORKERS)]
    for worker in workers:
        worker.runtime.channels = dict.fromkeys(CHANNELS, ScriptedChannel())
    await asyncio.gather(*(deliver_messages(worker.runtime, at_once=at_once) for worker in workers))


@A_FEW
@given(workspace=caps, own=st.none() | st.tuples(st.integers(1, 3), pers, st.none()), olds=olds, dues=dues)
async def test_four_workers_break_no_cap_whatever_was_sent_before(
    database: Database, workspace: list[Any], own: Any, olds: list[Old], dues: list[Due]
):
    outbox = await stage(database, workspace, olds, dues, own)

    await all_work(database)

    [[now]] = await outbox.fetch("SELECT now()")
    rows = await outbox.fetch(
        "SELECT customer, rule, channel, transactional, settled_at, step, limits IS NOT NULL AS is_new FROM message"
        " WHERE state = 'sent'"
    )
    for person in map(customer_id, PEOPLE):
        mine = [row for row in rows if row["customer"] == person]
        for limit, per, channel in workspace:
            of_it = [row for row in mine if not row["transactional"] and channel in (None, row["channel"])]
            assert is_kept(of_it, limit, per, now)
        for rule in RULES if own else ():
            assert is_kept([row for row in mine if row["rule"] == rule], own[0], own[1], now)
    states = {row["state"] for row in await outbox.fetch("SELECT DISTINCT state FROM message")}
    assert states <= {"sent", "suppressed"}


def is_kept(rows: list[Any], limit: int, per: Length, now: datetime) -> bool:
    """What was sent before may be too much already; then nothing more may come."""
    since = window_start(per, now, BERLIN)
    counted = [row for row in rows if row["settled_at"] >= since]
    new = [row for row in counted if row["is_new"]]
    return not new or len(counted) <= limit


@A_FEW
@given(
    limit=st.integers(1, 4),
    priorities=st.lists(st.permutations(range(8)), min_size=len(PEOPLE), max_size=len(PEOPLE)),
    sizes=st.lists(st.integers(1, 8), min_size=len(PEOPLE), max_size=len(PEOPLE)),
)
async def test_under_four_workers_the_most_important_messages_get_the_scarce_places(
    database: Database, limit: int, priorities: list[list[int]], sizes: list[int]
):
    waiting = {person: order[:size] for person, order, size in zip(PEOPLE, priorities, sizes, strict=True)}
    dues = [Due(person, "a", "email", False, priority) for person, order in waiting.items() for priority in order]
    outbox = await stage(database, [(limit, Length(1, "day"), None)], [], dues, None)

    await all_work(database)

    rows = await outbox.fetch(
        "SELECT customer, coalesce((limits ->> 'priority')::int, 0) AS priority FROM message WHERE state = 'sent'"
    )
    got: dict[UUID, set[int]] = {}
    for row in rows:
        got.setdefault(row["customer"], set()).add(row["priority"])
    assert got == {customer_id(person): set(sorted(order)[-limit:]) for person, order in waiting.items()}
