"""What a run waits for, and what holds up all messages of a channel, as `kogda explain --customer` tells it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from api.cli.explain_report import render_explanation, render_overview
from api.schemas.explanation import explained, explained_rules
from dsl import plan
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.flow.publishing.publish_rules import publish
from engine.flow.telling.explain_customer import Explanation, explain_customer
from engine.flow.telling.explain_rules import Overview, explain_rules
from engine.storage.delivery.circuits import open_circuit
from engine.storage.rules.published import live_rule_set
from tests.engine.delivery.outbox import SETTINGS, ScriptedChannel
from tests.engine.flow.shop import Shop, open_shop, rule

CART = rule("cart", "cart_left")
ATTRIBUTES = {"email": "text"}


async def left_cart(shop: Shop, *, settings: Mapping[str, Any] = SETTINGS, **facts: Any) -> None:
    """A customer whose mail is due, by rules and settings that are live."""
    await publish(
        shop.runtime.database,
        plan.Plan(rules=(CART,), attributes=ATTRIBUTES, **facts),
        templates={"email/cart.html": "---\nsubject: Your cart\n---\n<p>It waits</p>"},
        settings=settings,
    )
    shop.runtime.channels = {"email": ScriptedChannel()}
    await shop.post(shop.identify("1", email="a@example.com"), shop.event("1", "cart_left"))
    await shop.advance()


async def told(shop: Shop) -> tuple[Explanation, Overview]:
    async with shop.runtime.database.connection() as connection:
        live = await live_rule_set(connection)
        assert live is not None
        program = (await shop.runtime.programs.load(connection, live)).program
        one = await explain_customer(connection, program, "u:1", rule="cart", at=None, partitions=shop.partitions)
        return one, await explain_rules(connection, program, "u:1", at=None, partitions=shop.partitions)


async def test_what_holds_up_a_whole_channel_is_told_beside_what_delivery_says(database_url: str) -> None:
    async with open_shop(database_url, CART, attributes=ATTRIBUTES) as shop:
        await left_cart(shop, settings={**SETTINGS, "providers": {"email": {"limit": [[1, "day"]]}}})
        before, _ = await told(shop)
        await deliver_messages(shop.runtime)
        async with shop.runtime.database.transaction() as connection:
            await open_circuit(connection, "email", "mail.example does not answer", timedelta(minutes=5))

        after, _ = await told(shop)

    passes = 'email "cart": delivery would let it pass'
    down = "email is down since TIME: mail.example does not answer; its messages wait, the next try is at TIME"
    full = "email: the limit of the provider is used up until TIME; then it goes on"
    assert before.delivery is not None and after.delivery is not None
    assert [finding.text for finding in before.delivery] == [passes]
    assert [re.sub(r"(\d{4}-\d\d-\d\d )?\d\d(:\d\d)+", "TIME", finding.text) for finding in after.delivery] == [
        passes,
        down,
        full,
    ]
    assert [finding.is_met for finding in after.delivery] == [True, None, None]


async def test_a_run_that_was_put_off_says_why_it_waits_also_in_the_overview(database_url: str) -> None:
    async with open_shop(database_url, CART, attributes=ATTRIBUTES) as shop:
        now = shop.runtime.clock()
        start, end = (f"{now + timedelta(hours=hours):%H:%M}" for hours in (-1, 2))
        await left_cart(shop, quiet_hours=plan.QuietHours(start=start, end=end), timezone="UTC")
        await deliver_messages(shop.runtime)
        await shop.advance()

        one, all_rules = await told(shop)

    assert render_explanation(one, "en").splitlines()[3].endswith(f"{end}:00: quiet hours")
    assert f"{end}:00: quiet hours\n" in render_overview(all_rules, "en")
    assert f"{end}:00: тихие часы\n" in render_overview(all_rules, "ru")
    assert [(run.put_off_by, run.put_off_code) for run in explained(one, "en").runs] == [("quiet hours", "quiet_hours")]
    assert [each.run and each.run.put_off_by for each in explained_rules(all_rules, "ru").rules] == ["тихие часы"]
