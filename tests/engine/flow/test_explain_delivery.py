"""`kogda explain --customer`: whether delivery would let a message through at this moment, and why not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from api.cli.explain_report import render_explanation, render_overview
from dsl import plan
from engine.core.telling.findings import Finding
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.flow.publishing.publish_rules import publish
from engine.flow.telling.explain_customer import explain_customer
from engine.storage.customers.suppressions import suppress
from engine.storage.rules.published import live_rule_set
from tests.engine.delivery.outbox import SETTINGS, ScriptedChannel
from tests.engine.flow.explaining import ATTRIBUTES, explained, overview
from tests.engine.flow.shop import Shop, open_shop, rule, send


async def open_desk(shop: Shop, *rules: plan.Rule, settings: Mapping[str, Any] = SETTINGS, **facts: Any) -> None:
    """What is live: rules and what delivery goes by."""
    await publish(
        shop.runtime.database,
        plan.Plan(rules=rules, attributes=ATTRIBUTES, **facts),
        templates={"email/cart.html": "---\nsubject: Your cart\n---\n<p>It waits</p>"},
        settings=settings,
    )
    shop.runtime.channels = {"email": ScriptedChannel()}


async def asked_of_delivery(shop: Shop, user: str = "1") -> list[tuple[str, bool | None]]:
    async with shop.runtime.database.connection() as connection:
        live = await live_rule_set(connection)
        assert live is not None
        program = (await shop.runtime.programs.load(connection, live)).program
        told = await explain_customer(
            connection, program, f"u:{user}", rule="cart", at=None, partitions=shop.partitions
        )
    assert told.delivery is not None
    return [(finding.text, finding.is_met) for finding in told.delivery]


async def test_a_customer_whom_nothing_keeps_from_a_message_would_get_it(database_url: str) -> None:
    cart = rule("cart", "cart_left")
    async with open_shop(database_url, cart, attributes=ATTRIBUTES) as shop:
        await open_desk(shop, cart)
        await shop.post(shop.identify("1", email="a@example.com"))
        await shop.advance()

        assert await asked_of_delivery(shop) == [('email "cart": delivery would let it pass', True)]


async def test_delivery_tells_a_refusal_and_so_does_the_overview(database_url: str) -> None:
    cart = rule("cart", "cart_left")
    async with open_shop(database_url, cart, attributes=ATTRIBUTES) as shop:
        await open_desk(shop, cart)
        await shop.post(shop.identify("1", email="a@example.com", consent={"email": False}))
        await shop.post(shop.event("1", "cart_left"))
        await shop.advance()

        told, all_rules = await explained(shop, "1"), await overview(shop, "1")

    assert told.delivery == (Finding('email "cart": no consent: email refused', False),)
    text = render_explanation(told, "en")
    assert text.endswith('What delivery says now of its messages:\n  ✗ email "cart": no consent: email refused\n')
    assert "  ✗ email «cart»: нет согласия: от email отказались" in render_explanation(told, "ru")
    assert '✗ "cart"  email "cart": no consent: email refused; last run' in render_overview(all_rules, "en")


async def test_delivery_tells_a_suppressed_address(database_url: str) -> None:
    cart = rule("cart", "cart_left", transactional=True)
    async with open_shop(database_url, cart, attributes=ATTRIBUTES) as shop:
        await open_desk(shop, cart)
        await shop.post(shop.identify("1", email="A@example.com"))
        await shop.advance()
        async with shop.runtime.database.transaction() as connection:
            await suppress(connection, [("email", "a@example.com", "550 no such mailbox")])

        told = await asked_of_delivery(shop)

    assert told == [('email "cart": the address is suppressed: 550 no such mailbox', False)]


async def test_delivery_tells_of_every_way_once(database_url: str) -> None:
    ways = send(
        "cart",
        fallbacks=(
            plan.Recipient(channel="sms", template="cart"),
            plan.Recipient(channel=None, template="late", best_of=("telegram", "inapp")),
        ),
    )
    cart = rule("cart", "cart_left", ways, send("cart"))
    async with open_shop(database_url, cart, attributes=ATTRIBUTES) as shop:
        await open_desk(shop, cart)
        await shop.post(shop.identify("1", email="a@example.com"))
        await shop.advance()

        told = await asked_of_delivery(shop)

    assert told == [
        ('email "cart": delivery would let it pass', True),
        ('sms "cart": no sms address', False),
        ('telegram "late": no telegram address', False),
        ('inapp "late": delivery would let it pass', True),
    ]


async def test_delivery_tells_quiet_hours_and_their_end(database_url: str) -> None:
    cart = rule("cart", "cart_left")
    async with open_shop(database_url, cart, attributes=ATTRIBUTES) as shop:
        now = shop.runtime.clock()
        start, end = (f"{now + timedelta(hours=hours):%H:%M}" for hours in (-1, 2))
        await open_desk(shop, cart, quiet_hours=plan.QuietHours(start=start, end=end), timezone="UTC")
        await shop.post(shop.identify("1", email="a@example.com"), shop.event("1", "cart_left"))
        await shop.advance()

        told, all_rules = await asked_of_delivery(shop), await overview(shop, "1")

    assert told == [(f'email "cart": quiet hours until {end}', False)]
    assert all_rules.rules[0].against is None


async def test_delivery_tells_a_cap_that_is_reached_and_leaves_nothing_behind(database_url: str) -> None:
    cart = rule("cart", "cart_left", caps=(plan.Cap(limit=1, channel=None, per=plan.Length(1, "day"), line=2),))
    async with open_shop(database_url, cart, attributes=ATTRIBUTES) as shop:
        await open_desk(shop, cart)
        await shop.post(shop.identify("1", email="a@example.com"), shop.identify("2", email="b@example.com"))
        await shop.post(shop.event("1", "cart_left"))
        await shop.advance()
        await deliver_messages(shop.runtime)

        reached, other = await asked_of_delivery(shop), await asked_of_delivery(shop, "2")
        messages = await shop.value("SELECT count(*) FROM message")
        locks = await shop.value(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = $1 AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())",
            0x6B63,
        )

    assert reached == [('email "cart": cap: 1 message per day', False)]
    assert other == [('email "cart": delivery would let it pass', True)]
    assert (messages, locks) == (1, 0)


async def test_messages_of_one_rule_are_not_counted_against_each_other(database_url: str) -> None:
    cap = plan.Cap(limit=1, channel=None, per=plan.Length(1, "day"), line=2)
    cart = rule("cart", "cart_left", send("cart"), send("later"), caps=(cap,))
    async with open_shop(database_url, cart, attributes=ATTRIBUTES) as shop:
        await open_desk(shop, cart)
        await shop.post(shop.identify("1", email="a@example.com"))
        await shop.advance()

        told = await asked_of_delivery(shop)

    assert [is_met for _, is_met in told] == [True, True]


async def test_a_more_important_message_that_is_due_goes_first(database_url: str) -> None:
    cap = plan.Cap(limit=1, channel=None, per=plan.Length(1, "day"), line=2)
    cart, first = rule("cart", "cart_left", caps=(cap,)), rule("first", "paid", send("cart"), priority=5)
    async with open_shop(database_url, cart, first, attributes=ATTRIBUTES) as shop:
        await open_desk(shop, cart, first)
        await shop.post(shop.identify("1", email="a@example.com"), shop.event("1", "paid"))
        await shop.advance()

        told = await asked_of_delivery(shop)

    assert told == [('email "cart": a more important message to the customer goes first', False)]


async def test_of_an_earlier_moment_delivery_says_nothing_and_that_is_told(database_url: str) -> None:
    async with open_shop(database_url, rule("cart", "cart_left"), attributes=ATTRIBUTES) as shop:
        await shop.post(shop.event("1", "cart_left"))
        await shop.advance()

        told = await explained(shop, "1", ago=timedelta(minutes=1))

    assert told.delivery is None
    assert "What delivery would have said is left out" in render_explanation(told, "en")
