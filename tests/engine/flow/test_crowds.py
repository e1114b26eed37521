"""A mailing that is decided once for many, beside the same one decided for each: the same rows, whatever the rule."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Any

from dsl import plan
from engine.core.identity import customer_id, derived_id
from engine.flow.advancing.advance_partition import advance_partitions
from engine.flow.advancing.batch import read_batch
from engine.flow.advancing.batch_sizes import Limits
from engine.flow.advancing.crowds import NotForAll
from engine.flow.advancing.deciding import decide
from engine.flow.advancing.writing import write_decisions, write_progress
from engine.storage.database import Connection
from engine.storage.runs.crowds import LOOK
from tests.engine.flow.shop import HOUR, Shop, open_shop, rule, send, stop

#: KOGDA_CROWD_EXAMPLES=500 takes a quarter of an hour.
EXAMPLES = int(os.environ.get("KOGDA_CROWD_EXAMPLES", "6"))
PARTITIONS = 4
CUSTOMERS = 600
DAILY = plan.ScheduleTrigger(time="00:00", weekdays=(1, 2, 3, 4, 5, 6, 7))
DAY = plan.Length(1, "day")
COUNTRY = plan.Attribute("country", "text")
LOCAL = plan.Compare(COUNTRY, "is", plan.Constant("text", "LV"))
SEGMENTS = {
    "local": plan.Segment(condition=LOCAL, hash="1", file="s.rules", line=1),
    "active": plan.Segment(condition=plan.Happened("order_placed", DAY), hash="2", file="s.rules", line=2),
}


def scheduled(
    name: str = "digest", *steps: plan.Step, audience: plan.Expression | None = None, **more: Any
) -> plan.Rule:
    trigger = plan.ScheduleTrigger(time=DAILY.time, weekdays=DAILY.weekdays, audience=audience)
    return plan.Rule(name=name, file="d.rules", line=1, trigger=trigger, steps=steps or (send(name),), **more)


def random_condition(random: Random) -> plan.Expression:
    asked: list[plan.Expression] = [LOCAL, plan.InSegment("local"), plan.InSegment("active"), plan.IsKnown(COUNTRY)]
    chosen = random.choice(asked)
    return plan.Not(chosen) if random.random() < 0.4 else chosen


def random_steps(random: Random) -> tuple[plan.Step, ...]:
    """The language's own shapes: what follows a wait is never the same for all, and need not be."""
    later = (plan.Points(amount=5, add=True, line=8), send("later"))
    with_country = send("digest", variables=(("country", COUNTRY),))
    shapes: list[tuple[plan.Step, ...]] = [
        (send("digest"),),
        (with_country, plan.Wait(length=HOUR, line=2), *later),
        (send("digest", unless=random_condition(random)), plan.Wait(length=DAY, line=2), *later),
        (plan.WaitUntil(mode="clock", time="10:00", line=2), *later),
        (plan.JumpUnless(condition=random_condition(random), at=2, line=2), send("digest"), plan.Exit(line=3)),
        (
            plan.Send(
                channel="email", template="digest", fallbacks=(plan.Recipient(channel="sms", template="s"),), line=2
            ),
        ),
        (plan.Exit(line=2),),
    ]
    return random.choice(shapes)


def random_rule(random: Random) -> plan.Rule:
    guard = plan.Guard(word=random.choice(["only if", "unless"]), condition=random_condition(random), text="g", line=4)
    clauses: dict[str, Any] = {
        "guards": (guard,),
        "stops": (stop("order_placed"),),
        "once": plan.OncePer(window=random.choice([None, DAY])),
        "goal": plan.Goal(match=plan.EventMatch(events=("order_placed",)), within=DAY),
        "quiet_hours": plan.QuietHours(start="22:00", end="07:00"),
        "caps": (plan.Cap(limit=2, channel=None, per=DAY, line=5),),
        "timezone": "Asia/Tokyo",
        "catch_up": plan.Length(30, "hour"),
        "repeated": random.choice(["ignore", "restart", "parallel"]),
        "priority": 3,
    }
    chosen = {name: value for name, value in clauses.items() if random.random() < 0.25}
    audience = random_condition(random) if random.random() < 0.7 else None
    return scheduled("digest", *random_steps(random), audience=audience, **chosen)


async def fill(shop: Shop, random: Random, published: plan.Rule) -> None:
    """Customers of a few kinds, all looked at; then some with a past of their own, and the mailing is due."""
    await shop.execute(CLEAN)
    await shop.execute(
        """
        INSERT INTO customer (partition, id, key, email, timezone, attributes)
        SELECT (('x' || left(id::text, 8))::bit(32)::bigint % $1)::smallint, id, 'u:' || n, 'u@example.com',
               ('{Europe/Riga,Asia/Tokyo}'::text[])[n % 3],
               CASE n % 5 WHEN 0 THEN '{}' WHEN 1 THEN '{"country": "EE"}' ELSE '{"country": "LV"}' END::jsonb
        FROM (SELECT n, md5(n::text)::uuid AS id FROM generate_series(1, $2::int) AS n) AS numbered
        """,
        PARTITIONS,
        CUSTOMERS,
    )
    await shop.execute(
        """
        INSERT INTO event (partition, xid, id, customer, kind, name, at, source, body)
        SELECT partition, '0', id, id, 3, 'order_placed', now() - interval '1 hour', 'test', '{}' FROM customer
        WHERE key ~ '[37]$'
        """
    )
    await shop.publish(published, OTHER, segments=SEGMENTS, attributes={"country": "text"})
    await shop.advance()
    for happened in random.sample(ODD, 4):
        await shop.execute(happened)
    late = random.choice([3, 700, 1500])
    await shop.execute(
        "UPDATE appointment SET at = now() - make_interval(mins => $1), occasion = (current_date - 1)::text"
        " WHERE name = 'digest'",
        late,
    )


OTHER = plan.Rule(name="other", file="o.rules", line=1, trigger=DAILY, steps=(plan.Wait(length=DAY, line=2), send("o")))
_RUN = """
    INSERT INTO run (partition, id, customer, rule, rule_set, state, wake_at, began_at, open_until, body)
    SELECT partition, md5(id::text || '{rule}')::uuid, id, '{rule}', (SELECT max(id) FROM rule_set), 'waiting',
           now() + interval '{wakes}', now() - interval '1 hour', 'infinity',
           '{{"event_id": "00000000-0000-0000-0000-000000000001", "event_name": "", "event": {{}}, "step": 1}}'
    FROM customer WHERE key ~ '{whose}$'
"""
#: What may have happened to some of them. The last digits of their keys say whom it concerns.
ODD = [
    _RUN.format(rule="digest", wakes="1 day", whose="1"),
    _RUN.format(rule="other", wakes="1 day", whose="[13]"),
    _RUN.format(rule="other", wakes="-1 minute", whose="2"),
    "INSERT INTO once_mark SELECT partition, id, 'digest', '', id, now() - interval '2 days' FROM customer"
    " WHERE key ~ '4$'",
    "INSERT INTO message (partition, id, customer, run, rule, rule_set, step, channel, template, context,"
    " transactional, due_at) SELECT partition, id, id, id, 'x', 1, 0, 'email', 'digest', '{}', false, now()"
    " FROM customer WHERE key ~ '5$'",
    "UPDATE appointment SET at = now() - interval '1 hour' WHERE name = 'other' AND customer IN"
    " (SELECT id FROM customer WHERE key ~ '6$')",
    "UPDATE customer SET merged_into = (SELECT min(id::text)::uuid FROM customer) WHERE key ~ '8$'",
    # as a merge leaves them: to be looked at again
    "DELETE FROM membership WHERE customer IN (SELECT id FROM customer WHERE key ~ '9$');"
    " INSERT INTO appointment SELECT partition, id, 'segment', '', now(), '', '', '' FROM customer WHERE key ~ '9$'",
]

#: Everything that a mailing writes, but when the row was made, and its place among all rows.
WRITTEN = {
    "run": "*",
    "message": "partition, id, customer, run, rule, rule_set, step, channel, template, context, transactional, state,"
    " due_at, limits",
    "appointment": "*",
    "membership": "*",
    "once_mark": "*",
    "outcome": "*",
    "figure_change": "*",
    "run_note": "partition, run, at, line, what, detail",
}


async def rows_after(connection: Connection, shop: Shop, limits: Limits) -> tuple[dict[str, list[Any]], int]:
    """What lies in the tables after as many batches as it takes, all of it undone; and how many were copied."""
    transaction, copies, moments = connection.transaction(), 0, set[datetime]()
    await transaction.start()
    while True:
        batch = await read_batch(connection, shop.runtime, range(PARTITIONS), limits)
        assert batch is not None
        try:
            decisions = decide(batch, shop.runtime.programs.by_id)
        except NotForAll:
            limits = replace(limits, crowd=0)
            continue
        await write_decisions(connection, decisions)
        await write_progress(connection, batch)
        copies += sum(map(len, decisions.copied))
        moments.add(batch.now)
        if not batch.standing.left and not batch.due_left:
            break
    found = {table: await connection.fetch(f"SELECT {columns} FROM {table}") for table, columns in WRITTEN.items()}  # noqa: S608
    rows = {table: sorted(_told(row, moments) for row in listed) for table, listed in found.items()}
    await transaction.rollback()
    return rows, copies


def _told(row: Any, moments: set[datetime]) -> list[str]:
    return ["the moment of a batch" if _is_one_of(value, moments) else _written(value) for value in row]


def _is_one_of(value: Any, moments: set[datetime]) -> bool:
    return isinstance(value, datetime) and value in moments


def _written(value: Any) -> str:
    return json.dumps(value, sort_keys=True) if isinstance(value, dict) else str(value)


async def test_what_is_decided_once_for_many_is_what_is_decided_for_each(database_url: str) -> None:
    copied = 0
    async with open_shop(database_url, rule("any", "pinged"), partitions=PARTITIONS) as shop:
        for seed in range(EXAMPLES):
            published = random_rule(Random(seed))
            await fill(shop, Random(seed), published)

            async with shop.runtime.database.connection() as connection:
                one_by_one, none = await rows_after(connection, shop, Limits(appointments=5000, crowd=0))
                together, copies = await rows_after(connection, shop, Limits(appointments=5000))

            differing = [table for table, rows in one_by_one.items() if together[table] != rows]
            assert differing == [], f"seed {seed}: {published}"
            assert none == 0
            copied += copies > CUSTOMERS / 10
    assert copied >= EXAMPLES / 2


CLEAN = """
    TRUNCATE customer, event, run, run_note, message, appointment, membership, once_mark, outcome, figure_change;
    UPDATE partition_cursor SET standing = '', filled_to = NULL
"""


async def due_to_many(shop: Shop, count: int = 300) -> None:
    await shop.post(*(shop.event(str(number), "pinged") for number in range(count)))
    await shop.advance()
    await shop.execute("UPDATE appointment SET at = now() - interval '1 minute'")


async def test_a_mailing_that_was_begun_before_is_not_sent_twice(database_url: str) -> None:
    async with open_shop(database_url, scheduled(), partitions=2) as shop:
        await due_to_many(shop)
        await shop.advance()
        again = "UPDATE appointment SET at = now() - interval '1 minute', occasion = done, done = ''"
        await shop.execute(again)

        await shop.advance()

        assert await shop.value("SELECT count(*) FROM message") == 300
        assert await shop.value("SELECT count(*) FROM appointment WHERE at > now()") == 300


async def test_what_is_the_first_ones_alone_is_not_written_for_the_others(database_url: str) -> None:
    async with open_shop(database_url, scheduled(), segments=SEGMENTS, partitions=1) as shop:
        await due_to_many(shop)
        gone = "INSERT INTO membership SELECT partition, id, 'gone', 'old', true, now() FROM customer"
        await shop.execute(gone)

        await shop.advance()

        assert await shop.value("SELECT count(DISTINCT customer) FROM message") == 300
        assert await shop.value("SELECT count(*) FROM message") == 300
        assert await shop.value("SELECT count(*) FROM membership WHERE segment = 'gone'") == 0


async def test_who_left_the_segment_a_moment_ago_is_not_sent_the_mailing(database_url: str) -> None:
    local = scheduled(audience=plan.InSegment("local"))
    async with open_shop(database_url, local, segments=SEGMENTS, attributes={"country": "text"}, partitions=2) as shop:
        await shop.post(*(shop.identify(str(number), country="LV") for number in range(200)))
        await shop.advance()
        await shop.execute("UPDATE appointment SET at = now() + interval '1 second'")
        await shop.post(*(shop.identify(str(number), country="EE") for number in range(100)))
        await shop.execute("UPDATE appointment SET at = now()")

        progress = await advance_partitions(shop.runtime, range(2))
        await shop.advance()

        assert progress.events == 100
        assert await shop.value("SELECT count(*) FROM message") == 100
        sent = await shop.value("SELECT array_agg(c.key) FROM message m JOIN customer c ON c.id = m.customer")
        assert "u:150" in sent and "u:50" not in sent


async def test_a_run_of_a_mailing_is_known_by_the_id_that_any_other_road_would_give_it(database_url: str) -> None:
    async with open_shop(database_url, scheduled(), partitions=1) as shop:
        await due_to_many(shop, 100)
        occasion = await shop.value("SELECT occasion FROM appointment LIMIT 1")
        await shop.advance()

        runs = await shop.fetch("SELECT id, customer, body FROM run")

        assert len(runs) == 100
        for run, customer, body in runs:
            event = derived_id("occasion", "digest", customer.hex, occasion)
            assert (run, body["event_id"]) == (derived_id("run", "digest", customer.hex, event.hex), str(event))


async def test_a_crowds_look_reads_by_customer_and_never_by_time(database_url: str) -> None:
    """An index by time finds all that is due, or was just made, for each customer again."""
    async with open_shop(database_url) as shop:
        now, customer = shop.runtime.clock(), customer_id("u:1")
        asked: tuple[object, ...] = ("{1}", "{1}", [customer], [now], "digest", now, ["local"], ["d"], [], [], True)

        lines = await shop.fetch(f"EXPLAIN {LOOK}", *asked)

    told = "\n".join(line[0] for line in lines)
    assert "appointment_pkey" in told
    assert not [index for index in ("appointment_due", "message_newest", "membership_of_segment") if index in told]
