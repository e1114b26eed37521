"""Goals, the messages that get the credit for them, and what they were worth."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from dsl import plan
from engine.storage.delivery.reactions import NewReaction, save_reactions, sent_messages
from tests.engine.flow.shop import Shop, open_shop, rule, send

WEEK = plan.Length(7, "day")
BOUGHT = plan.Goal(match=plan.EventMatch(events=("bought",)), within=WEEK)


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    async with open_shop(
        database_url,
        rule("cart", "cart_updated", send("first"), send("second"), goal=BOUGHT),
        rule("browse", "viewed", goal=BOUGHT),
        currency="EUR",
    ) as shop:
        yield shop


async def sent(shop: Shop, template: str, *, ago: timedelta) -> UUID:
    """The message with this template went out then, and its run goes on."""
    row = (await shop.fetch("SELECT partition, id, run, customer FROM message WHERE template = $1", template))[0]
    await shop.execute(
        "UPDATE message SET state = 'sent', settled_at = now() - $2::interval WHERE id = $1", row["id"], ago
    )
    await shop.execute(
        "INSERT INTO outcome (partition, message, run, customer, state, at) VALUES ($1, $2, $3, $4, 'sent', now())",
        *row,
    )
    await shop.advance()
    message: UUID = row["id"]
    return message


async def met(shop: Shop, message: UUID, kind: str, *, ago: timedelta) -> None:
    async with shop.runtime.database.transaction() as connection:
        found = await sent_messages(connection, [(None, message)], partitions=shop.partitions)
        at = await connection.fetchval("SELECT now() - $1::interval", ago)
        await save_reactions(connection, [NewReaction(found[message], kind, at, {})])


async def begun(shop: Shop) -> tuple[UUID, UUID]:
    """Two messages of one run, ten and five minutes old."""
    await shop.post(shop.event("anna", "cart_updated", ago=timedelta(hours=1)))
    await shop.advance()
    first = await sent(shop, "first", ago=timedelta(minutes=10))
    return first, await sent(shop, "second", ago=timedelta(minutes=5))


async def conversions(shop: Shop) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await shop.fetch("SELECT message, touch, revenue, currency FROM conversion")]


async def buy(shop: Shop, **properties: Any) -> None:
    await shop.post(shop.event("anna", "bought", **properties))
    await shop.advance()


async def test_without_opens_and_clicks_the_last_message_gets_the_credit(shop: Shop):
    _, second = await begun(shop)

    await buy(shop, total="99.90")

    assert await conversions(shop) == [(second, "sent", Decimal("99.90"), "EUR")]


async def test_a_click_counts_more_than_a_later_open_and_that_more_than_a_later_message(shop: Shop):
    first, second = await begun(shop)
    await met(shop, first, "clicked", ago=timedelta(minutes=4))
    await met(shop, second, "opened", ago=timedelta(minutes=2))

    await buy(shop)

    assert await conversions(shop) == [(first, "clicked", None, None)]


async def test_what_came_after_the_goal_earns_nothing(shop: Shop):
    first, second = await begun(shop)
    await met(shop, first, "opened", ago=timedelta(minutes=3))
    await met(shop, second, "clicked", ago=timedelta(minutes=-3))

    await buy(shop)

    assert [row[:2] for row in await conversions(shop)] == [(first, "opened")]


async def test_one_order_counts_once_however_many_rules_hoped_for_it(shop: Shop):
    first, second = await begun(shop)
    await shop.post(shop.event("anna", "viewed", ago=timedelta(minutes=4)))
    await shop.advance()
    third = await sent(shop, "browse", ago=timedelta(minutes=1))

    await buy(shop, total={"amount": "10", "currency": "USD"})

    assert await conversions(shop) == [(third, "sent", Decimal(10), "USD")]
    assert first != second


async def test_a_goal_without_a_message_before_it_is_nobodys(shop: Shop):
    await shop.post(shop.event("anna", "cart_updated", ago=timedelta(hours=1)))
    await shop.advance()

    await buy(shop)

    assert await conversions(shop) == []


async def test_a_second_order_of_the_same_run_is_not_its_goal_again(shop: Shop):
    await begun(shop)

    await buy(shop, total=10)
    await buy(shop, total=20)

    assert [row[2] for row in await conversions(shop)] == [Decimal(10)]


async def test_credit_and_reactions_go_with_a_customer_who_turns_out_to_be_another(shop: Shop):
    first, second = await begun(shop)
    await met(shop, first, "clicked", ago=timedelta(minutes=4))
    await shop.execute(
        "INSERT INTO hit (partition, message, at, kind, raw) SELECT partition, id, now(), 'clicked', '{}' FROM message"
    )
    await buy(shop)

    await shop.post(shop.merge_known("anna", "anna@example.com"))
    await shop.advance()

    target = shop.partition("u:anna@example.com")
    assert second
    for table in ("hit", "reaction", "conversion", "message"):
        assert {row[0] for row in await shop.fetch(f"SELECT partition FROM {table}")} == {target}  # noqa: S608
