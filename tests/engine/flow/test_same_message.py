"""S24 over several batches: what was said in the last minute is read from the database."""

from __future__ import annotations

from dsl import plan
from tests.engine.flow.shop import Shop, open_shop, rule

ORDERS = {"order_placed": plan.EventFacts(key="order_id")}


async def told_of(shop: Shop, *orders: str) -> int:
    for order in orders:
        await shop.post(shop.event("1", "order_placed", order_id=order))
        await shop.advance()
    count: int = await shop.value("SELECT count(*) FROM message")
    return count


async def test_a_service_message_about_another_order_goes_out_within_the_same_minute(database_url: str) -> None:
    receipt = rule("receipt", "order_placed", transactional=True)
    async with open_shop(database_url, receipt, events=ORDERS) as shop:
        messages = await told_of(shop, "o1", "o2", "o2")

    assert messages == 2


async def test_marketing_says_it_once_a_minute_whatever_the_order(database_url: str) -> None:
    praise = rule("praise", "order_placed")
    async with open_shop(database_url, praise, events=ORDERS) as shop:
        messages = await told_of(shop, "o1", "o2")

    assert messages == 1
