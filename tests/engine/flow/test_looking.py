"""The one moment at which a customer is looked at again for all segments, and the rows that are not written."""

from __future__ import annotations

from datetime import timedelta

from dsl import plan
from engine.core.standing.index import LOOK
from tests.engine.flow.shop import open_shop, rule
from tests.engine.flow.standing import (
    ENTERS,
    GOLD,
    LAPSES,
    LEAVES,
    RECENT,
    WATCHED,
    is_tier,
    let_time_pass,
    members,
    segment,
    sent,
)

LATELY = segment(plan.Happened("order_placed", plan.Length(2, "day")))
MOMENTS = "SELECT errand, name, at FROM appointment WHERE at IS NOT NULL"


async def test_only_members_have_a_row(database_url: str) -> None:
    async with open_shop(database_url, rule("any", "pinged"), attributes={"tier": "text"}) as shop:
        await shop.post(shop.identify("1", tier="gold"), shop.identify("2", tier="silver"))
        await shop.advance()

        await shop.publish(ENTERS, LEAVES, **WATCHED)
        await shop.advance()
        by_the_fill = await shop.value("SELECT count(*) FROM membership")
        await shop.post(shop.identify("1", tier="silver"), shop.identify("3", tier="silver"))
        await shop.advance()

        assert by_the_fill == 1
        assert await shop.value("SELECT count(*) FROM membership") == 0
        assert await sent(shop) == ["u:1 goodbye"]


async def test_one_moment_stands_for_all_segments_and_is_not_put_off_by_every_event(database_url: str) -> None:
    async with open_shop(database_url, LAPSES, segments={"recent": RECENT, "lately": LATELY}) as shop:
        await shop.post(shop.event("1", "order_placed"))
        await shop.advance()
        await let_time_pass(shop, timedelta(hours=12))
        [first] = await shop.fetch(MOMENTS)
        await shop.post(shop.event("1", "order_placed"))
        await shop.advance()
        [second] = await shop.fetch(MOMENTS)
        await let_time_pass(shop, timedelta(hours=12, seconds=1))
        early = await shop.advance()
        after_early = await sent(shop), await members(shop, "recent")
        await let_time_pass(shop, timedelta(hours=12))
        await shop.advance()

        assert (first["errand"], first["name"]) == LOOK
        assert second["at"] == first["at"]
        assert early.timers == 1
        assert after_early == ([], ["u:1"])
        assert await sent(shop) == ["u:1 lapsed"]
        assert (await members(shop, "recent"), await members(shop, "lately")) == ([], ["u:1"])


async def test_moments_of_single_segments_as_they_once_were_are_kept(database_url: str) -> None:
    async with open_shop(database_url, LAPSES, segments={"recent": RECENT, "lately": LATELY}) as shop:
        await shop.post(shop.event("1", "order_placed"))
        await shop.advance()
        await shop.execute("UPDATE appointment SET name = 'recent', definition = '1'")
        await let_time_pass(shop, timedelta(hours=24, seconds=1))

        await shop.advance()

        assert await sent(shop) == ["u:1 lapsed"]
        assert [(row["errand"], row["name"]) for row in await shop.fetch(MOMENTS)] == [LOOK]


async def test_what_was_due_by_an_unchanged_segment_outlives_the_edit_of_another(database_url: str) -> None:
    async with open_shop(
        database_url, LAPSES, segments={"recent": RECENT, "gold": GOLD}, attributes={"tier": "text"}
    ) as shop:
        await shop.post(shop.event("1", "order_placed"))
        await shop.advance()
        await let_time_pass(shop, timedelta(hours=24, seconds=1))

        await shop.publish(
            LAPSES, segments={"recent": RECENT, "gold": segment(is_tier("silver"), "2")}, attributes={"tier": "text"}
        )
        await shop.advance()

        assert await sent(shop) == ["u:1 lapsed"]
        assert await members(shop, "recent") == []


async def test_a_moment_that_passed_while_no_worker_ran_is_looked_at_with_what_was_known_then(
    database_url: str,
) -> None:
    orders = plan.Tally("count", "order_placed", "number", within=plan.Length(1, "day"))
    buyers = segment(plan.Compare(orders, ">=", plan.Constant("number", 1)))
    async with open_shop(database_url, LAPSES, segments={"recent": buyers}) as shop:
        await shop.post(shop.event("1", "order_placed"))
        await shop.advance()
        before = await members(shop, "recent")

        await let_time_pass(shop, timedelta(days=9))
        await shop.advance()

        assert before == ["u:1"]
        assert await members(shop, "recent") == []
        assert await sent(shop) == []  # eight days late
