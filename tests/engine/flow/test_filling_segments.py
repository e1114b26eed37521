"""After a publication every customer is looked at once, in batches, and that starts nothing."""

from __future__ import annotations

from typing import Any

import pytest

from dsl import plan
from engine.flow.advancing.advance_partition import advance_partition
from engine.flow.telling.segment_sizes import report_segments
from engine.flow.upkeep.sweep import find_waiting
from engine.storage.rules.published import load_rule_set
from tests.engine.flow.shop import open_shop, rule
from tests.engine.flow.standing import (
    DAY,
    ENTERS,
    GOLD,
    LAPSES,
    LEAVES,
    RECENT,
    TIER,
    WATCHED,
    imported,
    is_tier,
    members,
    segment,
    sent,
)

#: A condition that SQL cannot tell about, and one about which it is in doubt: letters that only Python folds.
BEYOND_SQL = plan.All((is_tier("göld"), plan.Not(plan.InLast(plan.Attribute("born", "date"), DAY))))
IN_DOUBT = plan.Contains(TIER, plan.Constant("text", "ld"))


async def test_s14_an_edited_definition_starts_nothing_and_is_the_new_line(database_url: str) -> None:
    async with open_shop(database_url, ENTERS, LEAVES, **WATCHED) as shop:
        await shop.post(shop.identify("1", tier="gold"), shop.identify("2", tier="silver"))
        await shop.advance()
        edited = {"gold": segment(is_tier("silver"), "2")}

        await shop.publish(ENTERS, LEAVES, segments=edited, attributes={"tier": "text"})
        await shop.advance()
        after_edit = await sent(shop), await members(shop)
        await shop.post(shop.identify("1", tier="silver"), shop.identify("2", tier="gold"))
        await shop.advance()

        assert after_edit == (["u:1 welcome"], ["u:2"])
        assert await members(shop) == ["u:1"]
        assert await sent(shop) == ["u:1 welcome", "u:2 goodbye"]


async def test_s14_who_is_touched_before_the_fill_comes_to_him_is_judged_by_what_he_was(database_url: str) -> None:
    async with open_shop(database_url, rule("any", "pinged"), attributes={"tier": "text"}) as shop:
        await shop.post(shop.identify("1", tier="gold"), shop.identify("2", tier="silver"))
        await shop.advance()

        await shop.publish(ENTERS, LEAVES, **WATCHED)
        await shop.post(shop.identify("1", tier="gold", city="Riga"), shop.identify("2", tier="gold"))
        await shop.advance()

        assert await sent(shop) == ["u:2 welcome"]
        assert await members(shop) == ["u:1", "u:2"]


async def test_s14_an_import_of_a_thousand_people_starts_nothing(database_url: str) -> None:
    async with open_shop(database_url, ENTERS, **WATCHED) as shop:
        await shop.post(*(imported(shop.identify(str(number), tier="gold")) for number in range(1000)))

        await shop.advance()

        assert len(await members(shop)) == 1000
        assert await shop.value("SELECT count(*) FROM run") == 0


@pytest.mark.parametrize("condition", [BEYOND_SQL, IN_DOUBT], ids=["beyond SQL", "in doubt"])
async def test_the_fill_goes_on_where_a_dead_worker_left_it_and_starts_nothing(
    database_url: str, condition: plan.Expression
) -> None:
    watched: dict[str, Any] = {"segments": {"gold": segment(condition)}, "attributes": {"tier": "text"}}
    async with open_shop(database_url, rule("any", "pinged"), partitions=1, attributes={"tier": "text"}) as shop:
        await shop.post(*(shop.identify(str(number), tier="göld") for number in range(1200)))
        await shop.advance()
        await shop.publish(ENTERS, LEAVES, **watched)
        waiting = await find_waiting(shop.runtime)

        first = await advance_partition(shop.runtime, 0)
        share = await shop.value("SELECT count(*) FROM membership")
        await shop.advance()

        assert waiting.partitions == {0}
        assert (share, first.more) == (500, {0})
        assert len(await members(shop)) == 1200
        assert await shop.value("SELECT count(*) FROM run") == 0
        assert not (await find_waiting(shop.runtime)).partitions
        assert not await shop.advance()


async def test_thousands_are_looked_at_in_one_batch_where_sql_can_tell(database_url: str) -> None:
    async with open_shop(database_url, rule("any", "pinged"), partitions=1, attributes={"tier": "text"}) as shop:
        await shop.post(*(shop.identify(str(number), tier=("gold", "silver")[number % 2]) for number in range(2400)))
        await shop.advance()
        await shop.publish(ENTERS, LEAVES, **WATCHED)

        progress = await advance_partition(shop.runtime, 0)

        assert (progress.customers, progress.more) == (2400, frozenset())
        assert len(await members(shop)) == 1200
        assert await shop.value("SELECT count(*) FROM run") == 0


async def test_a_batch_is_smaller_where_many_segments_ask_about_each_event(database_url: str) -> None:
    many = {f"gold{number}": GOLD for number in range(50)}
    async with open_shop(database_url, ENTERS, partitions=1, segments={**many, "gold": GOLD}) as shop:
        await shop.post(*(shop.event(str(number), "pinged") for number in range(1000)))

        first = await advance_partition(shop.runtime, 0)
        await shop.advance()

        assert first.events == 2500 * 20 // 51
        assert await shop.value("SELECT count(*) FROM customer") == 1000


async def test_a_plan_that_watches_nothing_leaves_nothing_behind(database_url: str) -> None:
    async with open_shop(database_url, LAPSES, segments={"recent": RECENT}) as shop:
        await shop.post(shop.event("1", "order_placed"))
        await shop.advance()

        await shop.publish(rule("any", "pinged"))
        await shop.advance()

        assert await shop.value("SELECT count(*) FROM membership") == 0
        assert await shop.value("SELECT count(*) FROM appointment") == 0


async def test_back_to_an_older_definition_is_a_new_line_too(database_url: str) -> None:
    async with open_shop(database_url, ENTERS, **WATCHED) as shop:
        await shop.post(shop.identify("1", tier="silver"))
        await shop.advance()
        await shop.publish(rule("any", "pinged"), attributes={"tier": "text"})
        await shop.post(shop.identify("1", tier="gold"))
        await shop.advance()

        await shop.publish(ENTERS, **WATCHED)
        await shop.advance()
        await shop.post(shop.identify("1", tier="gold", city="Riga"))
        await shop.advance()

        assert await members(shop) == ["u:1"]
        assert await sent(shop) == []


async def test_segments_are_counted_and_shown_with_personal_data_shortened(database_url: str) -> None:
    async with open_shop(database_url, ENTERS, **WATCHED) as shop:
        await shop.post(*(shop.identify(f"{number:02}", tier="gold") for number in range(12)))
        await shop.post(shop.identify("13", tier="silver"))
        await shop.post(shop.identify("anna@shop.example", tier="gold", email="anna@shop.example", phone="+70001122"))
        await shop.advance()

        async with shop.runtime.database.connection() as connection:
            live = await load_rule_set(connection, 1)
            [report] = await report_segments(connection, live, sample=20)
            [short] = await report_segments(connection, live)

        anna = next(each for each in report.sample if "@" in each.key)
        assert (report.name, report.size, report.filled, report.rules) == ("gold", 13, 1.0, ("welcome",))
        assert (anna.key, anna.email, anna.phone) == ("u:a…@shop.example", "a…@shop.example", "…22")
        assert len(short.sample) == 10


async def test_a_segment_that_is_being_filled_says_how_far(database_url: str) -> None:
    async with open_shop(database_url, rule("any", "pinged"), partitions=1, attributes={"tier": "text"}) as shop:
        await shop.post(*(shop.identify(str(number), tier="göld") for number in range(1000)))
        await shop.advance()
        await shop.publish(ENTERS, segments={"gold": segment(BEYOND_SQL)}, attributes={"tier": "text"})

        await advance_partition(shop.runtime, 0)

        async with shop.runtime.database.connection() as connection:
            [report] = await report_segments(connection, await load_rule_set(connection, 2))
        assert report.size == 500
        assert 0.4 < report.filled < 0.6
