"""Events in the table become runs and messages."""

from __future__ import annotations

from datetime import timedelta

from engine.flow.advance_partition import Progress, advance_partition, advance_partitions
from tests.engine.flow.shop import HOUR, Shop, open_shop, rule, stop


async def advance_all(shop: Shop) -> Progress:
    while True:
        progress = await advance_partitions(shop.runtime, range(shop.partitions))
        if not progress.more:
            return progress


async def test_an_event_becomes_a_run_and_a_message(database_url: str) -> None:
    async with open_shop(database_url, rule("welcome", "registered")) as shop:
        await shop.post(shop.event("42", "registered", plan="free"))

        progress = await advance_partition(shop.runtime, shop.partition("u:42"))

        assert (progress.events, progress.messages) == (1, 1)
        assert await shop.templates_sent_to("u:42") == ["welcome"]
        assert await shop.fetch("SELECT key FROM customer") == [("u:42",)]


async def test_a_timer_fires_when_it_is_due_and_a_stop_ends_the_run(database_url: str) -> None:
    async with open_shop(database_url, rule("cart", "cart_abandoned", delay=HOUR, stops=(stop("order_placed"),))) as shop:
        await shop.post(shop.event("1", "cart_abandoned"), shop.event("2", "cart_abandoned"))
        await advance_all(shop)
        assert await shop.fetch("SELECT template FROM message") == []
        await shop.post(shop.event("1", "order_placed"))
        await shop.let_time_pass(timedelta(hours=2))

        await advance_all(shop)

        assert await shop.templates_sent_to("u:1") == []
        assert await shop.templates_sent_to("u:2") == ["cart"]
