"""The database's clock may be wrong for a while."""

from __future__ import annotations

from datetime import timedelta

from engine.flow.upkeep.sweep import find_waiting
from tests.engine.flow.shop import HOUR, open_shop, rule


async def test_a_clock_that_was_years_ahead_for_a_while_hides_no_event(database_url: str) -> None:
    async with open_shop(database_url, rule("welcome", "registered"), partitions=1) as shop:
        await shop.post(shop.event("1", "registered"))
        await shop.execute("UPDATE event SET received_at = received_at + interval '10 years'")
        await shop.advance()
        await shop.post(shop.event("2", "registered"))

        waiting = await find_waiting(shop.runtime)
        await shop.advance()

        assert waiting.partitions == {0}
        assert await shop.templates_sent_to("u:2") == ["welcome"]


async def test_a_clock_that_goes_back_and_ahead_and_back_again_ends_each_wait_once_and_none_early(
    database_url: str,
) -> None:
    async with open_shop(database_url, rule("later", "registered", delay=HOUR)) as shop:
        await shop.post(shop.event("1", "registered"))
        await shop.advance()
        await shop.let_time_pass(-timedelta(hours=1))
        await shop.let_time_pass(timedelta(minutes=119))
        await shop.advance()
        early = await shop.templates_sent_to("u:1")

        await shop.let_time_pass(timedelta(hours=1))
        await shop.advance()
        await shop.let_time_pass(-timedelta(hours=1))
        await shop.post(shop.event("2", "registered"))
        await shop.advance()
        await shop.let_time_pass(timedelta(hours=2))
        await shop.advance()

        assert early == []
        assert await shop.templates_sent_to("u:1") == ["later"]
        assert await shop.templates_sent_to("u:2") == ["later"]
