"""The fill in SQL beside the interpreter, which is the definition: the same customers, the same notes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import pytest

from dsl import plan
from engine.actions import ACTIONS
from engine.core.calendar import zone_named
from engine.core.conditions.program import Program, load_program
from engine.core.model import Appointment, Facts, Membership, Past
from engine.core.runs.advancing import advance
from engine.core.standing.index import LOOK
from engine.storage.customers.bulk import load_customers
from engine.storage.database import Connection, Database
from engine.storage.events.cursors import Cursor, lock_cursors
from engine.storage.runs.appointments import appointments_of, save_appointments
from engine.storage.segments.fill_sql import fill_sql
from engine.storage.segments.fills import Pass, note_slices
from engine.storage.segments.memberships import memberships_of, save_memberships
from tests.drills.sizes import sized
from tests.engine.storage.chance import EVENTS, LENGTHS, ZONES, Chance

#: 1700 make 50,000 and more pairs of a condition and a customer; drill 27.
EXAMPLES = int(os.environ.get("KOGDA_FILL_EXAMPLES") or sized(80, 1700))
CUSTOMERS = 24
MOST = (CUSTOMERS, 6)  # who are in doubt, in one stretch
SPACE = UUID(int=7)
NOW = datetime(2025, 1, 1, tzinfo=UTC)


def random_plan(chance: Chance) -> plan.Plan:
    segments = {
        name: plan.Segment(condition=chance.condition(), hash=f"{name} now", file="s.rules", line=1)
        for name in ("one", "two")
    }
    both = plan.All((plan.InSegment("one"), plan.Not(plan.InSegment("two"))))
    segments["both"] = plan.Segment(condition=both, hash="both now", file="s.rules", line=9)
    triggers: list[plan.Trigger] = [
        plan.InactivityTrigger(event="a", length=chance.pick(LENGTHS)),
        plan.ScheduleTrigger(time=chance.pick(["02:30", "09:00"]), weekdays=(1, 5)),
        plan.DateTrigger(attribute=plan.Attribute("d", "date", repeats=True), time="10:00"),
    ]
    rules = tuple(
        plan.Rule(name=f"r{number}", file="r.rules", line=number, trigger=trigger, timezone=zone)
        for number, trigger in enumerate(triggers[: chance.pick([0, 2, 3])])
        for zone in (chance.pick([None, "Europe/Riga"]),)
    )
    return plan.Plan(segments=segments, rules=rules, currency=chance.pick([None, "EUR"]), timezone="Europe/Berlin")


async def random_customers(connection: Connection, chance: Chance) -> list[UUID]:
    customers = sorted(uuid5(SPACE, f"{chance.now}{number}") for number in range(CUSTOMERS))
    zones = [chance.pick(ZONES) for _ in customers]
    await connection.executemany(
        "INSERT INTO customer (partition, id, key, email, timezone, attributes, tags, points)"
        " VALUES (0, $1, $2, $3, $4, $5, $6, $7)",
        [
            (customer, chance.pick(["u:u7", "u:a", "odd"]), chance.pick([None, "a@example.com"]), zone,
             chance.attributes(), chance.pick([[], ["vip"]]), chance.pick([0, 2]))
            for customer, zone in zip(customers, zones, strict=True)
        ],
    )  # fmt: skip
    happened = [
        (customer, name, at)
        for customer, zone in zip(customers, zones, strict=True)
        for name in EVENTS
        for at in chance.times(zone_named(zone) or ZoneInfo("Europe/Berlin"))
    ]
    await connection.executemany(
        "INSERT INTO event (partition, xid, seq, id, customer, kind, name, at, received_at, source, body)"
        " VALUES (0, $1, $2, $3, $4, 0, $5, $6, $6, 'test', $7)",
        [
            (chance.pick([0, 0, 0, 9]), number, uuid5(customer, f"{number}"), customer, name, at,
             {"properties": chance.properties()})
            for number, (customer, name, at) in enumerate(happened)
        ],
    )  # fmt: skip
    return customers


async def random_notes(connection: Connection, chance: Chance, customers: Sequence[UUID], program: Program) -> None:
    """Some were looked at before: by these definitions, by others, or for what is gone."""
    assert program.standing is not None
    for customer in customers:
        for name in ("one", "two", "gone"):
            if chance.random.random() < 0.3:
                definition = chance.pick([f"{name} now", "old"])
                row = Membership(segment=name, definition=definition, is_in=True, since=chance.now)
                await save_memberships(connection, [(0, customer, row)])
        for errand, name in [*program.standing.wakes, LOOK, ("schedule", "gone"), ("start", "r0")]:
            if chance.random.random() < 0.15:
                at = chance.pick([None, chance.now])
                done = chance.pick(["", "", "2026-11-20"]) if errand == "schedule" else ""
                kept = Appointment(errand=errand, name=name, at=at, definition="old", occasion="", done=done)
                await save_appointments(connection, [(0, customer, kept)])


async def facts_of(connection: Connection, customers: Sequence[UUID], cursor: Cursor) -> dict[UUID, Facts]:
    places = [0] * len(customers), list(customers)
    found = await load_customers(connection, *places)
    memberships = await memberships_of(connection, *places)
    appointments = await appointments_of(connection, *places)
    history: dict[UUID, dict[str, tuple[Past, ...]]] = {customer: {} for customer in customers}
    rows = await connection.fetch(
        "SELECT customer, name, at, body FROM event WHERE (xid, seq) <= ($1, $2) ORDER BY at, xid, seq",
        cursor.xid,
        cursor.seq,
    )
    for customer, name, at, body in rows:
        known = history[customer].get(name, ())
        history[customer][name] = (*known, Past(at, body["properties"]))
    return {
        customer: Facts(
            customer=found[customer],
            history=past,
            last_seen={name: events[-1].at for name, events in past.items()},
            memberships=memberships.get(customer, {}),
            appointments=tuple(appointments.get(customer, ())),
        )
        for customer, past in history.items()
    }


Notes = tuple[set[tuple[Any, ...]], set[tuple[Any, ...]]]


def meant(program: Program, facts: Facts, chance: Chance) -> Notes:
    """What the interpreter leaves behind."""
    effects = advance({1: program}, 1, facts, [], [], now=chance.now, horizon=chance.now.replace(year=2000))
    changed = {each.segment: each.definition if each.is_in else None for each in effects.memberships}
    memberships = {**facts.memberships, **changed}
    appointments = {(each.errand, each.name): each for each in (*facts.appointments, *effects.appointments)}
    return (
        {(segment, definition) for segment, definition in memberships.items() if definition is not None},
        {
            (*key, each.at, each.definition, each.occasion, each.done)
            for key, each in appointments.items()
            if each.definition
        },
    )


async def noted(connection: Connection, customer: UUID) -> Notes:
    memberships = (await memberships_of(connection, [0], [customer])).get(customer, {})
    appointments = (await appointments_of(connection, [0], [customer])).get(customer, [])
    return (
        set(memberships.items()),
        {(e.errand, e.name, e.at, e.definition, e.occasion, e.done) for e in appointments},
    )


async def differences(connection: Connection, seed: int) -> tuple[int, list[str]]:
    """How many pairs of a segment and a customer SQL has decided, and where it is at odds with the interpreter."""
    chance = Chance(Random(seed))
    program = load_program(random_plan(chance), 1, ACTIONS)
    fill = fill_sql(program)
    if fill is None:
        return 0, []
    customers = await random_customers(connection, chance)
    await random_notes(connection, chance, customers, program)
    await connection.execute("UPDATE partition_cursor SET xid = '1' WHERE partition = 0")
    [cursor] = await lock_cursors(connection, [0])
    facts = await facts_of(connection, customers, cursor)

    [found] = await note_slices(connection, [cursor], "now", Pass(fill, chance.now, CUSTOMERS + 1, MOST[seed % 2]))

    last = found.filled_to or customers[-1]
    clear = [customer for customer in customers if customer <= last and customer not in found.customers]
    odd = [await told(connection, program, facts[customer], chance) for customer in clear]
    return len(clear) * len(program.plan.segments), [f"seed {seed}: {each}" for each in odd if each]


async def told(connection: Connection, program: Program, facts: Facts, chance: Chance) -> str:
    expected, found = meant(program, facts, chance), await noted(connection, facts.customer.id)
    if expected == found:
        return ""
    conditions = {name: segment.condition for name, segment in program.plan.segments.items()}
    return f"{[one ^ other for one, other in zip(expected, found, strict=True)]}\n{conditions}\n{facts}"


@pytest.mark.timeout(sized(300, 3600))
async def test_sql_and_the_interpreter_note_the_same(database: Database) -> None:
    pairs, odd = 0, list[str]()
    async with database.transaction() as connection:
        await connection.execute("INSERT INTO partition_cursor (partition) VALUES (0) ON CONFLICT DO NOTHING")
    for seed in range(EXAMPLES):
        async with database.connection() as connection:
            transaction = connection.transaction()
            await transaction.start()
            decided, differing = await differences(connection, seed)
            await transaction.rollback()
        pairs += decided
        odd += differing

    assert odd == []
    assert pairs >= 30 * EXAMPLES  # what is in doubt, or beyond SQL, is compared with nothing
