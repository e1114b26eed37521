"""`kogda explain --customer` without a rule: all rules, each in a line."""

from __future__ import annotations

import pytest

from api.cli.explain_report import render_overview
from dsl import plan
from engine.flow.customers.find_customer import NobodyThere
from engine.flow.delivery.deliver_messages import deliver_messages
from tests.engine.flow.explaining import ATTRIBUTES, EMAIL, guarded, overview
from tests.engine.flow.shop import HOUR, open_shop, rule, send


async def test_all_rules_are_told_in_a_line_each(database_url: str) -> None:
    rules = (
        rule("a", "cart_left", delay=HOUR),
        rule("b", "order_placed"),
        rule("c", "cart_left", guards=guarded().guards),
        rule("d", "cart_left", plan.SetTag(tag="left", add=True, line=1)),
    )
    async with open_shop(database_url, *rules, attributes=ATTRIBUTES) as shop:
        await shop.post(shop.event("1", "cart_left"))
        await shop.advance()

        told = await overview(shop, "1")

    text = render_overview(told, "en").splitlines()
    assert text[1].startswith('  … "a"  began at ')
    assert text[2:4] == [
        '  ✗ "b"  order_placed has never come',
        '  ✗ "c"  only if customer.email is known (the customer\'s email is unknown)',
    ]
    assert text[4].startswith('  ✓ "d"  nothing speaks against it now; last run ended at ')
    assert text[4].endswith(": finished")


async def test_a_customer_who_never_came_has_no_overview(database_url: str) -> None:
    async with open_shop(database_url, rule("a", "cart_left")) as shop:
        await shop.post(shop.event("1", "cart_left"))
        await shop.advance()

        with pytest.raises(NobodyThere, match="u:2"):
            await overview(shop, "2")


async def test_a_line_of_the_overview_says_why_the_last_message_did_not_go_out(database_url: str) -> None:
    async with open_shop(database_url, rule("a", "cart_left"), attributes=ATTRIBUTES) as shop:
        await shop.post(shop.event("1", "cart_left"))
        await shop.advance()
        await deliver_messages(shop.runtime)

        told = await overview(shop, "1")

    assert render_overview(told, "en").splitlines()[1].endswith('; email "a" not sent: no email address')


async def test_a_message_that_its_rule_left_out_is_why_the_last_one_did_not_go(database_url: str) -> None:
    rules = (rule("a", "cart_left", send("cart")), rule("b", "cart_left", send("cart")))
    async with open_shop(database_url, *rules, attributes=ATTRIBUTES) as shop:
        await shop.post(shop.event("1", "cart_left"))
        await shop.advance()

        told = await overview(shop, "1")

    first, second = render_overview(told, "en").splitlines()[1:]
    assert first.endswith(": finished")
    assert second.endswith(': finished; skipped email "cart": the same message within a minute')


async def test_a_message_made_after_one_that_was_left_out_is_the_last(database_url: str) -> None:
    both = rule("cart", "cart_left", send("first", unless=plan.Not(EMAIL)), send("cart"))
    async with open_shop(database_url, both, attributes=ATTRIBUTES) as shop:
        await shop.post(shop.event("1", "cart_left"))
        await shop.advance()

        told = await overview(shop, "1")

    assert told.rules[0].run is not None
    assert told.rules[0].run.ended_at is not None
    assert told.rules[0].skipped is None
