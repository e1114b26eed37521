"""Starts a rule for people who were past its mark before it was live, because somebody asks for it (S13).

What is written are appointments for now: the runs begin in the ordinary batch, some hundreds at a time, once each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from engine.core.conditions.program import Program, RuleCode
from engine.core.model import Appointment, Facts
from engine.core.standing.asked_for import start_asked_for
from engine.failpoints import reach
from engine.flow.advancing.past import Looker, past_of
from engine.runtime import Runtime
from engine.storage.customers.bulk import load_customers
from engine.storage.database import Connection
from engine.storage.events.cursors import Cursor, all_cursors, lock_cursors
from engine.storage.rules.published import LIVE
from engine.storage.runs.appointments import appointments_of, save_appointments
from engine.storage.runs.rounds import customers_after, runs_begun

AT_ONCE = 500

#: Customers looked at since the last call.
OnLook = Callable[[int], None]


def _nobody_looks(_: int) -> None:
    pass


async def count_past(
    connection: Connection, program: Program, codes: Sequence[RuleCode], *, on_look: OnLook = _nobody_looks
) -> Counter[str]:
    """By rule, how many people could be started. Reads only, and also for rules that are not published yet."""
    counts: Counter[str] = Counter()
    for cursor in await all_cursors(connection):
        after = None
        while customers := await customers_after(connection, cursor.partition, after, limit=AT_ONCE):
            after = customers[-1]
            now: datetime = await connection.fetchval("SELECT clock_timestamp()")
            people = await _facts_of(connection, program, cursor, customers, now)
            had = await _had(connection, cursor.partition, customers, codes)
            counts.update(each.name for _, each in _found(program, codes, people, had, now=now))
            on_look(len(customers))
    return counts


async def include_past(runtime: Runtime, rule: str, *, at_once: int = AT_ONCE, on_look: OnLook = _nobody_looks) -> int:
    """How many people are started now. May be called again after it was ended: nobody is started twice.

    The rule must be live.
    """
    started = 0
    for partition in range(runtime.partitions):
        found, after = 0, None
        while True:
            async with runtime.database.transaction() as connection:
                (cursor,) = await lock_cursors(connection, [partition], wait=True)
                customers = await customers_after(connection, partition, after, limit=at_once)
                found += await _ask(connection, runtime, rule, cursor, customers)
                reach("past.asked")
            reach("past.committed")
            on_look(len(customers))
            if len(customers) < at_once:
                break
            after = customers[-1]
        if found:
            await runtime.waker.wake({partition})
        started += found
    return started


async def _ask(connection: Connection, runtime: Runtime, rule: str, cursor: Cursor, customers: Sequence[UUID]) -> int:
    """The live rules are read anew for each slice: a publication may come between two of them."""
    moment = await connection.fetchrow(f"SELECT clock_timestamp() AS now, ({LIVE}) AS live")
    assert moment is not None
    program = (await runtime.programs.load(connection, moment["live"])).program
    code = program.by_name.get(rule)
    if code is None or not customers:
        return 0
    people = await _facts_of(connection, program, cursor, customers, moment["now"])
    had = await _had(connection, cursor.partition, customers, [code])
    found = list(_found(program, [code], people, had, now=moment["now"]))
    if found:
        await save_appointments(connection, [(cursor.partition, customer, each) for customer, each in found])
    return len(found)


async def _had(
    connection: Connection, partition: int, customers: Sequence[UUID], codes: Sequence[RuleCode]
) -> set[tuple[UUID, str]]:
    return await runs_begun(connection, partition, customers, [code.rule.name for code in codes])


def _found(
    program: Program,
    codes: Sequence[RuleCode],
    people: Sequence[Facts],
    had: set[tuple[UUID, str]],
    *,
    now: datetime,
) -> Iterator[tuple[UUID, Appointment]]:
    """A member who has been in the rule got it when they entered; a silence is told by its last event."""
    for facts in people:
        for code in codes:
            appointment = start_asked_for(program, code, facts, now)
            if appointment is None:
                continue
            if appointment.errand != "start" or (facts.customer.id, code.rule.name) not in had:
                yield facts.customer.id, appointment


async def _facts_of(
    connection: Connection, program: Program, cursor: Cursor, customers: Sequence[UUID], now: datetime
) -> list[Facts]:
    """What of them is decided, as rules without a run may ask for it."""
    places = ([cursor.partition] * len(customers), list(customers))
    known = await load_customers(connection, *places)
    lookers = {each: Looker(cursor=cursor) for each in customers}
    past = await past_of(connection, {program.rule_set: program}, program, lookers, now=now)
    appointments = await appointments_of(connection, *places)
    return [
        Facts(
            customer=customer,
            last_seen=past[each].newest,
            history=past[each].history,
            appointments=tuple(appointments.get(each, ())),
        )
        for each, customer in known.items()
    ]
