"""What must come of the events, told by the virtual world of `kogda test`: in memory, alone, with nothing going wrong.

It gets the events in the order and at the times at which they were received; what the faults did besides may only have
delayed what follows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from engine.core.conditions.program import Program
from engine.core.identity import customer_id, known_key
from engine.core.model import Customer, Event
from engine.storage.events.queue import IDENTIFY
from engine.testing.virtual.delivery import Delivery
from engine.testing.virtual.world import World
from tests.simulation.excuses import Ended, by_what, is_close, is_late, is_open, spared_by, spared_on
from tests.simulation.laws import Broken
from tests.simulation.reference import Received, judged
from tests.simulation.server import DAWN, Server
from tests.simulation.shop import JUDGED, REFUSED_BY_PROVIDER, Script

#: What all faults of a seed may cost one customer.
LATEST = timedelta(minutes=15)
#: Rules whose messages may be refused at the moment they are due: that ends a wait which the next event would have
#: begun anew, and frees a mark.
_REFUSABLE = ("Hello", "Cart", "Thanks", "Seen", "Back")
_GONE = {"sent": "gone", "unknown": "gone", "withdrawn": "suppressed"}


async def compare(server: Server, programs: Sequence[Program], script: Script) -> int:
    """How many customers could be compared. Raises Broken."""
    received = await _received(server, script)
    published_at = await _published_at(server)
    world = _told(received, published_at, programs)
    expected: dict[str, list[Ended]] = {}
    for each in world.messages:
        if each.state != "postponed":
            state = _GONE.get(each.state, each.state)
            expected.setdefault(each.customer, []).append(Ended(each.rule, each.template, state, each.at))
    found = await _found(server)
    spared, spared_there = spared_by(world), await spared_on(server)
    compared = 0
    for customer in script.customers:
        ended, there = expected.get(customer, []), found.get(customer, [])
        if customer in script.racing or is_close(ended) or is_close(there) or is_open(there):
            continue
        if spared.get(customer) != spared_there.get(customer) and is_late(ended, there):
            continue
        compared += 1
        _compare(customer, ended, there)
        await _compare_customer(server, world.customer(customer))
    await _compare_runs(server, world, script)
    rows = await server.own.connection.fetch("SELECT key, attributes FROM customer WHERE merged_into IS NULL")
    found_by_rule = {row["key"]: int(row["attributes"].get("age", 0)) // JUDGED % 10 for row in rows}
    told = judged(received, published_at)
    if wrong := {key: count for key, count in found_by_rule.items() if count != told[key]}:
        raise Broken(f"conditions held {wrong} times, and by the reference {dict(told)}")
    return compared


async def _compare_runs(server: Server, world: World, script: Script) -> None:
    """By what began them: who was a stranger then has runs under another id."""
    rows = await server.own.connection.fetch(
        "SELECT c.key, rule, rule_set, began_at FROM run JOIN customer c ON c.id = customer"
    )
    there = Counter((key, rule, rule_set, _half_hour(at)) for key, rule, rule_set, at in rows)
    racing = {(known_key(customer), rule) for customer in script.racing for rule in _REFUSABLE}
    keys = {customer.id: customer.key for customer in world.memory.customers.values()}
    expected = Counter((keys[run.customer], run.rule, run.rule_set, _half_hour(run.began_at)) for run in world.runs)
    there, expected = (
        Counter({run: n for run, n in each.items() if run[:2] not in racing}) for each in (there, expected)
    )
    if there != expected:
        raise Broken(f"runs that should not be: {dict(there - expected)}; that are missing: {dict(expected - there)}")


def _half_hour(at: datetime) -> datetime:
    """What an emitted event began is as late as that event."""
    return at.replace(minute=at.minute // 30 * 30, second=0, microsecond=0)


async def _compare_customer(server: Server, expected: Customer) -> None:
    """What rules counted and noted on a customer, each once."""
    row = await server.own.connection.fetchrow(
        "SELECT attributes, tags, points FROM customer WHERE id = $1", expected.id
    )
    found = (row["attributes"], set(row["tags"]), row["points"]) if row else ({}, set(), 0)
    wanted = (expected.attributes, set(expected.tags), expected.points)
    if found != wanted:
        raise Broken(f"customer {expected.key} has {found}, and should have {wanted}")


async def _received(server: Server, script: Script) -> list[Received]:
    rows = await server.own.connection.fetch(
        """
        SELECT e.id, e.kind, e.name, e.at, e.received_at, e.body, c.what, e.xid, e.seq
        FROM event e LEFT JOIN consent_entry c ON c.id = e.id
        WHERE e.kind NOT IN (2, 3) ORDER BY e.received_at, e.xid, e.seq
        """
    )
    return [Received((key := _known(row, script)), _event(row, key), row["what"]) for row in rows]


def _known(row: Any, script: Script) -> str:
    key: str = row["body"]["key"]
    return script.merged.get(key, key)


async def _published_at(server: Server) -> datetime | None:
    at: datetime | None = await server.own.connection.fetchval(
        "SELECT min(published_at) FROM publication WHERE rule_set = 2"
    )
    return at


def _told(received: Sequence[Received], published_at: datetime | None, programs: Sequence[Program]) -> World:
    began = DAWN - timedelta(hours=1)
    world = World(programs[0], now=began, delivery=Delivery(failing=REFUSED_BY_PROVIDER), tells=False)
    for each in received:
        if published_at is not None and published_at <= each.event.received_at and world.live == 1:
            world.up_to(published_at).publish(programs[1])
        world.up_to(each.event.received_at)
        customer = world.memory.customer(each.key)
        if each.refused is not None:
            refused = {**customer.consent, each.refused: False}
            world.memory.customers[customer.id] = replace(customer, consent=refused)
        world.receive(each.event)
    if published_at is not None and world.live == 1:
        world.up_to(published_at).publish(programs[1])
    return world.finish()


def _event(row: Any, key: str) -> Event:
    return Event(
        id=row["id"],
        customer=customer_id(key),
        kind="identify" if row["kind"] == IDENTIFY else "track",
        name=row["name"],
        at=row["at"],
        received_at=row["received_at"],
        properties=row["body"]["properties"],
    )


async def _found(server: Server) -> dict[str, list[Ended]]:
    rows = await server.own.connection.fetch(
        "SELECT c.key, m.rule, m.template, m.state, m.settled_at FROM message m"
        " JOIN customer c ON c.partition = m.partition AND c.id = m.customer WHERE m.state <> 'postponed'"
    )
    found: dict[str, list[Ended]] = {}
    for key, rule, template, state, at in rows:
        is_open = state == "unknown" and template in REFUSED_BY_PROVIDER
        known = "unknown" if is_open else _GONE.get(state, state)
        found.setdefault(key.removeprefix("u:"), []).append(Ended(rule, template, known, at))
    return found


def _compare(customer: str, expected: list[Ended], found: list[Ended]) -> None:
    wanted, there = Counter(each.what for each in expected), Counter(each.what for each in found)
    if wanted != there:
        raise Broken(f"customer {customer}: missing {dict(wanted - there)}, too much {dict(there - wanted)}")
    times = by_what(found)
    for what, due in by_what(expected).items():
        for should, was in zip(due, times[what], strict=True):
            if what[2] == "gone" and not should <= was <= should + LATEST:
                raise Broken(f"customer {customer}: {what[1]} was due at {should}, and went out at {was}")
