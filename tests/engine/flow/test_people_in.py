"""How many people are inside of each rule is told by what they wait for."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from dsl import plan
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.flow.publishing.publish_rules import publish
from engine.storage.runs.bulk import people_in
from tests.engine.delivery.outbox import SETTINGS, ScriptedChannel
from tests.engine.flow.shop import Shop, open_shop, rule, send

CART = rule("cart", "cart_left", send("cart"), plan.Wait(length=plan.Length(1, "day"), line=1), send("cart"))
TEMPLATES = {"email/cart.html": "---\nsubject: Your cart\n---\n<p>It waits</p>"}


async def stage(shop: Shop) -> tuple[str | None, str, int, int]:
    """Of the run, of its message, how many outcomes are unread; and how many people are told to be inside."""
    async with shop.runtime.database.connection() as connection:
        told = await people_in(connection, ["cart"])
    [run] = await shop.fetch("SELECT * FROM run")
    message = await shop.value("SELECT state FROM message LIMIT 1")
    return run["state"], message, await shop.value("SELECT count(*) FROM outcome"), told.get("cart", 0)


async def test_whoever_has_not_left_is_inside_whatever_they_wait_for(database_url: str):
    channel = ScriptedChannel(gate=asyncio.Event())
    async with open_shop(database_url, CART) as shop:
        shop.runtime.channels = {"email": channel}
        await publish(shop.runtime.database, plan.Plan(rules=(CART,)), templates=TEMPLATES, settings=SETTINGS)
        await shop.post(shop.identify("1", email="a@example.com"), shop.event("1", "cart_left"))
        await shop.advance()
        assert await stage(shop) == ("sending", "queued", 0, 1)

        delivery = asyncio.create_task(deliver_messages(shop.runtime))
        while not channel.given:
            await asyncio.sleep(0)
        assert await stage(shop) == ("sending", "sending", 0, 1)

        channel.gate.set()
        await delivery
        assert await stage(shop) == ("sending", "sent", 1, 1)

        await shop.advance()
        assert await stage(shop) == ("waiting", "sent", 0, 1)

        await shop.let_time_pass(timedelta(days=1, minutes=1))
        await shop.advance()
        state, *_, told = await stage(shop)
        assert (state, told) == ("ended", 0)
