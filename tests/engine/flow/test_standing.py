"""Segments, dates, schedules and silence through PostgreSQL: what is noted, what starts, and what does not."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from dsl import plan
from engine.core.identity import customer_id
from engine.flow.advancing.advance_partition import advance_partition, advance_partitions
from engine.flow.advancing.batch import read_batch
from engine.flow.advancing.batch_sizes import Limits
from engine.flow.advancing.deciding import decide
from engine.flow.advancing.writing import write_decisions, write_progress
from engine.flow.upkeep.sweep import find_waiting
from tests.engine.flow.shop import Shop, open_shop, rule, send
from tests.engine.flow.standing import (
    ENTERS,
    LAPSES,
    LEAVES,
    RECENT,
    TIER,
    WATCHED,
    imported,
    let_time_pass,
    members,
    sent,
    starts,
)


async def test_entering_and_leaving_start_rules_and_membership_is_noted(database_url: str) -> None:
    async with open_shop(database_url, ENTERS, LEAVES, **WATCHED) as shop:
        await shop.post(shop.identify("1", tier="gold"), shop.identify("2", tier="silver"))
        await shop.advance()
        first = await sent(shop), await members(shop)
        await shop.post(shop.identify("1", tier="gold", city="Riga"), shop.identify("2", tier="gold"))
        await shop.advance()
        await shop.post(shop.identify("1", tier="silver"))
        await shop.advance()

        assert first == (["u:1 welcome"], ["u:1"])
        assert await sent(shop) == ["u:1 goodbye", "u:1 welcome", "u:2 welcome"]
        assert await members(shop) == ["u:2"]


async def test_a_row_that_says_nobody_is_in_is_written_over(database_url: str) -> None:
    async with open_shop(database_url, ENTERS, **WATCHED) as shop:
        left = "INSERT INTO membership VALUES ($1, $2, 'gold', '1', false, now())"
        await shop.execute(left, shop.partition("u:1"), customer_id("u:1"))
        await shop.post(shop.identify("1", tier="gold"), shop.identify("2", tier="gold"))
        await shop.advance()

        assert await sent(shop) == ["u:1 welcome", "u:2 welcome"]
        assert await members(shop) == ["u:1", "u:2"]


async def test_d18_a_customer_leaves_when_the_window_moves_past_the_event(database_url: str) -> None:
    async with open_shop(database_url, LAPSES, segments={"recent": RECENT}) as shop:
        await shop.post(shop.event("1", "order_placed"))
        await shop.advance()
        entered = await members(shop, "recent")
        await let_time_pass(shop, timedelta(hours=23))
        early = await shop.advance()
        await let_time_pass(shop, timedelta(hours=1, seconds=1))

        waiting = await find_waiting(shop.runtime)
        await shop.advance()

        assert (entered, early.timers) == (["u:1"], 0)
        assert shop.partition("u:1") in waiting.partitions
        assert await members(shop, "recent") == []
        assert await sent(shop) == ["u:1 lapsed"]


async def test_two_workers_at_once_start_each_rule_once(database_url: str) -> None:
    every = starts("digest", plan.ScheduleTrigger(time="00:00", weekdays=(1, 2, 3, 4, 5, 6, 7)))
    async with open_shop(database_url, every, partitions=4) as shop:
        await shop.post(*(shop.event(str(number), "pinged") for number in range(300)))
        await shop.advance()
        await shop.execute("UPDATE appointment SET at = now()")

        for _ in range(6):
            await asyncio.gather(*(advance_partitions(shop.runtime, range(4)) for _ in range(4)))
        await shop.advance()

        assert await shop.value("SELECT count(*) FROM message") == 300
        assert await shop.value("SELECT count(*) FROM appointment WHERE at > now()") == 300


async def test_a_mailing_to_each_in_turn_goes_in_slices_and_events_are_decided_between(database_url: str) -> None:
    nobody = plan.Not(plan.IsKnown(plan.Attribute("email", "text")))
    every = starts("digest", plan.ScheduleTrigger(time="00:00", weekdays=(1, 2, 3, 4, 5, 6, 7), audience=nobody))
    async with open_shop(database_url, every, rule("welcome", "registered"), partitions=1) as shop:
        await shop.post(*(shop.event(str(number), "pinged") for number in range(1300)))
        await shop.advance()
        await shop.execute("UPDATE appointment SET at = now() - interval '1 minute'")
        await shop.post(shop.event("new", "registered"))

        first = await advance_partition(shop.runtime, 0)
        after_first = await shop.value("SELECT count(*) FROM message WHERE template = 'digest'")
        await shop.advance()

        assert first.events == 1
        assert first.more == {0}
        assert after_first == 500
        assert await shop.templates_sent_to("u:new") == ["welcome"]
        assert await shop.value("SELECT count(*) FROM message WHERE template = 'digest'") == 1300


async def test_s15_a_schedule_that_was_missed_for_a_day_is_skipped_and_leaves_a_trace(database_url: str) -> None:
    every = starts("digest", plan.ScheduleTrigger(time="00:00", weekdays=(1, 2, 3, 4, 5, 6, 7)))
    late = starts("late", every.trigger, catch_up=plan.Length(30, "hour"))
    async with open_shop(database_url, every, late) as shop:
        await shop.post(shop.event("1", "pinged"))
        await shop.advance()
        missed = shop.runtime.clock() - timedelta(hours=13)
        await shop.execute("UPDATE appointment SET at = $1, occasion = $2", missed, missed.date().isoformat())

        await shop.advance()

        ended = await shop.fetch("SELECT rule, end_reason FROM run WHERE end_reason <> 'finished'")
        assert "late" in await shop.templates_sent_to("u:1")
        assert [tuple(row) for row in ended] in ([("digest", "overdue")], [])


async def test_s13_silence_is_counted_from_the_last_event_and_nobody_is_swept_in(database_url: str) -> None:
    misses = starts("miss_you", plan.InactivityTrigger(event="order_placed", length=plan.Length(30, "day")))
    async with open_shop(database_url, rule("any", "pinged")) as shop:
        await shop.post(shop.event("old", "order_placed", ago=timedelta(days=40)), shop.event("1", "order_placed"))
        await shop.advance()
        await shop.publish(misses)
        await shop.advance()
        at_first = await shop.fetch("SELECT customer FROM appointment WHERE at IS NOT NULL")
        await let_time_pass(shop, timedelta(days=31))
        await shop.execute("UPDATE appointment SET occasion = ''")

        await shop.execute("UPDATE appointment SET at = now() WHERE at IS NOT NULL")
        await shop.advance()
        await shop.advance()

        assert [row["customer"] for row in at_first] == [customer_id("u:1")]
        assert await sent(shop) == ["u:1 miss_you"]


async def test_a_changed_attribute_starts_a_rule_once(database_url: str) -> None:
    becomes = starts("gold", plan.ChangeTrigger(attribute=TIER, to=plan.Constant("text", "gold")))
    async with open_shop(database_url, becomes, attributes={"tier": "text"}) as shop:
        await shop.post(shop.identify("1", tier="silver"))
        await shop.advance()
        await shop.post(shop.identify("1", tier="gold"), shop.identify("1", tier="gold", city="Riga"))
        await shop.post(imported(shop.identify("2", tier="gold")))
        await shop.advance()

        assert await sent(shop) == ["u:1 gold"]
        assert await shop.value("SELECT count(*) FROM appointment") == 0


async def test_what_a_step_sets_lets_the_customer_enter_in_the_same_batch(database_url: str) -> None:
    promotes = rule(
        "promotes", "order_placed", plan.SetAttribute(name="tier", value=plan.Constant("text", "gold"), line=1)
    )
    async with open_shop(database_url, promotes, ENTERS, **WATCHED) as shop:
        await shop.post(shop.identify("1", tier="silver"))
        await shop.advance()
        await shop.post(shop.event("1", "order_placed"))

        progress = await shop.advance()

        assert progress.events == 1
        assert await sent(shop) == ["u:1 welcome"]
        assert await shop.value("SELECT body ->> 'depth' FROM run WHERE rule = 'welcome'") == "1"


@pytest.mark.parametrize("is_known", [True, False])
async def test_d16_and_guards_hold_for_rules_without_an_event(database_url: str, is_known: bool) -> None:
    guard = plan.Guard(word="only if", condition=plan.InSegment("gold"), text="only if customer in gold", line=1)
    every = starts("digest", plan.ScheduleTrigger(time="00:00", weekdays=(1, 2, 3, 4, 5, 6, 7)), guards=(guard,))
    async with open_shop(database_url, every, **WATCHED) as shop:
        await shop.post(shop.identify("1", tier="gold" if is_known else "silver"))
        await shop.advance()
        await shop.execute("UPDATE appointment SET at = now()")

        await shop.advance()

        assert await sent(shop) == (["u:1 digest"] if is_known else [])


async def test_a_merge_starts_nothing_and_is_the_new_line(database_url: str) -> None:
    async with open_shop(database_url, ENTERS, LEAVES, **WATCHED) as shop:
        await shop.post(shop.identify("1", tier="silver"), shop.anonymous("x", "pinged"))
        await shop.advance()
        gold = shop._row("a:x", 1, "", {"tier": "gold", "city": "Riga"}, timedelta())
        await shop.post(gold)
        await shop.advance()
        before = await sent(shop)

        await shop.post(shop.merge("x", "2"))
        await shop.advance()
        after_merge = await members(shop), await shop.value("SELECT count(*) FROM message")
        await shop.post(shop.identify("2", tier="silver"))
        await shop.advance()

        assert before == ["a:x welcome"]
        assert after_merge == (["u:2"], 1)
        assert await members(shop) == []
        assert "u:2 goodbye" in await sent(shop)


async def test_what_was_done_for_one_of_two_merged_customers_is_not_done_again(database_url: str) -> None:
    every = starts("digest", plan.ScheduleTrigger(time="23:59", weekdays=(1, 2, 3, 4, 5, 6, 7)))
    async with open_shop(database_url, every) as shop:
        await shop.post(shop.event("1", "pinged"), shop.anonymous("x", "pinged"))
        await shop.advance()
        await shop.execute("UPDATE appointment SET done = '2999-01-01' WHERE customer = $1", customer_id("a:x"))

        await shop.post(shop.merge("x", "1"))
        await shop.advance()

        rows = await shop.fetch("SELECT customer, name, done, at FROM appointment")
        assert [(row["customer"], row["name"], row["done"]) for row in rows] == [
            (customer_id("u:1"), "digest", "2999-01-01")
        ]
        assert rows[0]["at"].year >= 2999


@pytest.mark.parametrize("what", ["fill", "date"])
async def test_a_customer_who_cannot_be_read_does_not_stop_the_others(database_url: str, what: str) -> None:
    born = plan.Attribute("born", "date", repeats=True)
    birthday = starts("birthday", plan.DateTrigger(attribute=born, time="00:00"))
    async with open_shop(database_url, rule("any", "pinged"), partitions=1, attributes={"born": "date"}) as shop:
        await shop.post(*(shop.identify(str(number), tier="gold", born="2000-01-01") for number in range(20)))
        await shop.advance()
        if what == "date":
            await shop.publish(birthday, **WATCHED)
            await shop.advance()
            await shop.execute("UPDATE appointment SET at = now()")
        await shop.execute("UPDATE customer SET attributes = '[1]' WHERE key = 'u:7'")
        if what == "fill":
            await shop.publish(birthday, **WATCHED)

        await shop.advance()
        await shop.advance()

        assert len(await members(shop)) == (19 if what == "fill" else 20)
        assert len(await sent(shop)) == (0 if what == "fill" else 19)
        assert await shop.value("SELECT what FROM quarantine") == "customer"
        assert not (await find_waiting(shop.runtime)).partitions


async def test_a_batch_that_dies_anywhere_leaves_nothing_half_done(database_url: str) -> None:
    every = starts("digest", plan.ScheduleTrigger(time="00:00", weekdays=(1, 2, 3, 4, 5, 6, 7)))
    async with open_shop(database_url, rule("any", "pinged"), partitions=2, attributes={"tier": "text"}) as shop:
        await shop.post(*(shop.identify(str(number), tier="gold") for number in range(400)))
        await shop.advance()
        await shop.publish(every, ENTERS, **WATCHED)
        await die_often(shop)
        await shop.advance()
        filled = len(await members(shop)), await shop.value("SELECT count(*) FROM run")
        await shop.execute("UPDATE appointment SET at = now()")

        await die_often(shop)
        await shop.advance()

        assert filled == (400, 0)
        assert await shop.value("SELECT count(*) FROM message") == 400
        assert await shop.value("SELECT count(DISTINCT customer) FROM run") == 400


async def die_often(shop: Shop) -> None:
    for milliseconds in range(2, 60, 3):
        batch = asyncio.create_task(advance_partitions(shop.runtime, range(2)))
        await asyncio.wait([batch], timeout=milliseconds / 1000)
        batch.cancel()
        await asyncio.wait([batch])


async def test_an_appointment_of_a_schedule_that_was_edited_is_judged_by_the_live_rule(database_url: str) -> None:
    days = (1, 2, 3, 4, 5, 6, 7)
    async with open_shop(database_url, starts("digest", plan.ScheduleTrigger(time="00:00", weekdays=days))) as shop:
        await shop.post(shop.event("1", "pinged"))
        await shop.advance()
        await shop.execute("UPDATE appointment SET at = now()")

        await shop.publish(starts("digest", plan.ScheduleTrigger(time="00:00", date="2999-12-31")))
        await shop.advance()

        [row] = await shop.fetch("SELECT at FROM appointment")
        assert row["at"].year >= 2999
        assert await sent(shop) == []


async def test_a_rule_edited_in_its_text_keeps_its_appointments(database_url: str) -> None:
    schedule = plan.ScheduleTrigger(time="00:00", weekdays=(1, 2, 3, 4, 5, 6, 7))
    async with open_shop(database_url, starts("digest", schedule)) as shop:
        await shop.post(shop.event("1", "pinged"))
        await shop.advance()
        await shop.execute("UPDATE appointment SET at = now()")

        await shop.publish(starts("digest", schedule, send("other")))
        await shop.advance()

        assert await sent(shop) == ["u:1 other"]


async def test_a_workspace_without_any_of_it_asks_the_database_for_nothing_more(database_url: str) -> None:
    async with open_shop(database_url, rule("welcome", "registered")) as shop:
        await shop.post(shop.event("1", "registered"))

        async with shop.runtime.database.transaction() as connection:
            asked: list[str] = []
            connection.add_query_logger(lambda record: asked.append(record.query))
            batch = await read_batch(connection, shop.runtime, range(8), Limits())
            decisions = decide(batch, shop.runtime.programs.by_id)
            await write_decisions(connection, decisions)
            await write_progress(connection, batch)

        assert decisions.messages
        assert len(asked) > 5
        assert not [query for query in asked if "membership" in query or "appointment" in query]


async def test_a_schedule_whose_rule_raises_is_set_aside_once_and_comes_again(database_url: str) -> None:
    days = plan.ScheduleTrigger(time="00:00", weekdays=(1, 2, 3, 4, 5, 6, 7))
    broken = starts("broken", days, plan.WaitUntil(mode="clock", time="25:99", line=1), send("never"))
    async with open_shop(database_url, broken, starts("digest", days)) as shop:
        await shop.post(shop.event("1", "pinged"))
        await shop.advance()
        await shop.execute("UPDATE appointment SET at = now()")

        await shop.advance()

        assert await sent(shop) == ["u:1 digest"]
        assert await shop.value("SELECT rule FROM quarantine") == "broken"
        assert await shop.value("SELECT count(*) FROM appointment WHERE at > now()") == 2
        assert not (await find_waiting(shop.runtime)).partitions
