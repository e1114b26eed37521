"""`kogda explain --customer`: what a rule did for one customer, and why not, from what is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from api.cli.explain_report import render_explanation, render_overview
from dsl import plan
from engine.callbacks import Report
from engine.core.telling.reasons import Finding
from engine.flow.answers.take_reports import Setting, take_reports
from engine.flow.customers.find_customer import NobodyThere
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.flow.publishing.publish_rules import publish
from engine.flow.telling.explain_customer import Explanation, explain_customer
from engine.flow.telling.explain_rules import Overview, explain_rules
from engine.storage.customers.suppressions import suppress
from engine.storage.rules.published import live_rule_set
from tests.engine.delivery.outbox import SETTINGS, ScriptedChannel
from tests.engine.flow.shop import HOUR, Shop, open_shop, rule, send, stop

EMAIL = plan.IsKnown(plan.Attribute("email", "text"))
BIG = plan.Compare(plan.Property("total", "number"), ">", plan.Constant("number", 100))
ATTRIBUTES = {"email": "text", "city": "text"}


def guarded(**more: object) -> plan.Rule:
    guard = plan.Guard(word="only if", condition=EMAIL, text="only if customer.email is known", line=2)
    return rule("cart", "cart_left", send("cart"), guards=(guard,), **more)


async def explained(shop: Shop, user: str, *, ago: timedelta | None = None) -> Explanation:
    at = shop.runtime.clock() - ago if ago is not None else None
    async with shop.runtime.database.connection() as connection:
        program = next(iter(shop.runtime.programs.by_id.values()))
        return await explain_customer(connection, program, f"u:{user}", rule="cart", at=at, partitions=shop.partitions)


def asked(explanation: Explanation) -> list[tuple[str, bool | None]]:
    return [(finding.text, finding.is_met) for finding in explanation.findings]


async def test_a_guard_that_said_no_is_told_with_the_value_it_saw(database_url: str) -> None:
    async with open_shop(database_url, guarded(), attributes=ATTRIBUTES) as shop:
        await shop.post(shop.event("1", "cart_left"))
        await shop.advance()

        told = await explained(shop, "1")

    assert told.runs == ()
    assert told.findings[-1].text == "only if customer.email is known"
    assert told.findings[-1].is_met is False
    assert told.findings[-1].saw == ("the customer's email is unknown",)


async def test_a_run_is_told_with_its_steps_and_what_became_of_its_message(database_url: str) -> None:
    async with open_shop(database_url, guarded(stops=(stop("order_placed"),)), attributes=ATTRIBUTES) as shop:
        await shop.post(shop.identify("1", email="a@example.com"), shop.event("1", "cart_left"))
        await shop.advance()
        await shop.post(shop.event("1", "order_placed"))
        await shop.advance()

        told = await explained(shop, "1")

    (run,) = told.runs
    assert (run.state, run.end_reason) == ("ended", "stop when order_placed")
    assert [note["what"] for note in run.notes] == ["started", "ended"]
    assert [(message["template"], message["state"]) for message in run.messages] == [("cart", "suppressed")]


async def test_notes_of_one_moment_are_told_as_they_were_written_wherever_their_rows_lie(database_url: str) -> None:
    seen = plan.SetTag(tag="seen", add=True, line=2)
    async with open_shop(database_url, rule("cart", "cart_left", seen, send("cart"))) as shop:
        await shop.post(shop.event("1", "cart_left"))
        await shop.advance()
        before = [note["what"] for note in (await explained(shop, "1")).runs[0].notes]
        await shop.execute("UPDATE run_note SET detail = detail WHERE what = 'started'")  # goes behind the others

        told = await explained(shop, "1")

    assert before[0] == "started" and len(before) > 1
    assert [note["what"] for note in told.runs[0].notes] == before


async def test_notes_from_before_they_had_places_come_first(database_url: str) -> None:
    async with open_shop(database_url, guarded(), attributes=ATTRIBUTES) as shop:
        await shop.post(shop.identify("1", email="a@example.com"), shop.event("1", "cart_left"))
        await shop.advance()
        await shop.execute("UPDATE run_note SET place = NULL WHERE what = 'started'")

        told = await explained(shop, "1")

    assert told.runs[0].notes[0]["what"] == "started"


async def test_the_newest_event_is_judged_by_the_filter_of_the_rule(database_url: str) -> None:
    match = plan.EventMatch(events=("cart_left",), where=BIG)
    filtered = plan.Rule(
        name="cart", file="cart.rules", line=1, trigger=plan.EventTrigger(match=match), steps=(send("cart"),)
    )
    async with open_shop(database_url, filtered) as shop:
        await shop.post(shop.event("1", "cart_left", total=500, ago=timedelta(days=1)))
        await shop.post(shop.event("1", "cart_left", total=60))
        await shop.advance()

        told = await explained(shop, "1")

    assert asked(told)[-1] == ("total of the event is over 100", False)
    assert told.findings[-1].saw == ("total of the event: 60",)


async def test_once_per_tells_when_it_acted_and_when_it_may_again(database_url: str) -> None:
    once = plan.OncePer(window=plan.Length(7, "day"))
    async with open_shop(database_url, rule("cart", "cart_left", once=once)) as shop:
        await shop.post(shop.event("1", "cart_left"))
        await shop.advance()

        told = await explained(shop, "1")

    assert told.findings[-1].is_met is False
    assert told.findings[-1].text.startswith("`once per`: it acted at ")


async def test_an_earlier_moment_knows_nothing_of_what_came_after_it(database_url: str) -> None:
    async with open_shop(database_url, guarded(), attributes=ATTRIBUTES) as shop:
        await shop.post(shop.event("1", "cart_left", ago=timedelta(days=2)))
        await shop.advance()
        await shop.post(shop.identify("1", email="a@example.com"))
        await shop.advance()

        now, before = await explained(shop, "1"), await explained(shop, "1", ago=timedelta(days=1))

    assert now.findings[-1].is_met is True
    assert before.is_recalled
    assert before.findings[-1].is_met is False


async def test_a_customer_who_never_came_is_named(database_url: str) -> None:
    async with open_shop(database_url, guarded(), attributes=ATTRIBUTES) as shop:
        await shop.post(shop.event("1", "cart_left"))
        await shop.advance()

        with pytest.raises(NobodyThere, match="u:2"):
            await explained(shop, "2")


async def test_events_that_a_condition_counts_are_counted(database_url: str) -> None:
    tally = plan.Tally(function="count", event="order_placed", kind="number")
    regular = plan.Guard(
        word="only if",
        condition=plan.Compare(tally, ">", plan.Constant("number", 1)),
        text="only if count of order_placed > 1",
        line=2,
    )
    async with open_shop(database_url, rule("cart", "cart_left", guards=(regular,))) as shop:
        await shop.post(*(shop.event("1", name) for name in ("order_placed", "order_placed", "cart_left")))
        await shop.advance()

        told = await explained(shop, "1")

    assert asked(told)[-1] == ("only if count of order_placed > 1", True)


async def test_a_run_that_ended_later_was_on_its_way_then(database_url: str) -> None:
    async with open_shop(database_url, rule("cart", "cart_left", delay=HOUR, stops=(stop("paid"),))) as shop:
        await shop.post(shop.event("1", "cart_left", ago=timedelta(minutes=30)))
        await shop.advance()
        await shop.post(shop.event("1", "paid"))
        await shop.advance()

        (then,) = (await explained(shop, "1", ago=timedelta(minutes=10))).runs
        (now,) = (await explained(shop, "1")).runs

    assert (then.state, then.ended_at) == ("waiting", None)
    assert (now.state, now.end_reason) == ("ended", "stop when paid")


async def test_a_segment_tells_what_decided_about_it(database_url: str) -> None:
    big = plan.Segment(
        condition=plan.All((EMAIL, plan.Compare(plan.Attribute("points", "number"), ">", plan.Constant("number", 9)))),
        hash="1",
        file="cart.rules",
        line=1,
    )
    guard = plan.Guard(word="only if", condition=plan.InSegment("big"), text="only if customer in big", line=2)
    rules = rule("cart", "cart_left", guards=(guard,))
    async with open_shop(database_url, rules, attributes=ATTRIBUTES, segments={"big": big}) as shop:
        await shop.post(shop.identify("1", email="a@example.com"), shop.event("1", "cart_left"))
        await shop.advance()

        told = await explained(shop, "1")

    assert told.findings[-1].is_met is False
    assert told.findings[-1].saw == ("the customer is in the segment big: no", "the customer's points: 0")


async def overview(shop: Shop, user: str) -> Overview:
    async with shop.runtime.database.connection() as connection:
        program = next(iter(shop.runtime.programs.by_id.values()))
        return await explain_rules(connection, program, f"u:{user}", at=None, partitions=shop.partitions)


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


async def deliver(shop: Shop) -> None:
    shop.runtime.channels = {"email": ScriptedChannel()}
    templates = {"email/cart.html": "---\nsubject: Your cart\n---\n<p>It waits</p>"}
    rules = plan.Plan(rules=(guarded(),), attributes=ATTRIBUTES)
    await publish(shop.runtime.database, rules, templates=templates, settings=SETTINGS)
    await shop.post(shop.identify("1", email="a@example.com", consent={"email": True}), shop.event("1", "cart_left"))
    await shop.advance()
    await deliver_messages(shop.runtime)


async def test_a_run_tells_what_its_message_met_with(database_url: str) -> None:
    async with open_shop(database_url, guarded(), attributes=ATTRIBUTES) as shop:
        await deliver(shop)
        async with shop.runtime.database.transaction() as connection:
            message = await connection.fetchval("SELECT id FROM message WHERE state = 'sent'")
            now = shop.runtime.clock()
            reports = [
                Report(kind="opened", at=now, message=message),
                Report(kind="clicked", at=now, message=message, link="https://shop.example/cart"),
            ]
            setting = Setting(texts=None, partitions=shop.partitions, public_url=None, soft_bounces=5)
            await take_reports(connection, reports, setting)

        told = await explained(shop, "1")
        before = await explained(shop, "1", ago=timedelta(hours=1))

    text = render_explanation(told, "en")
    assert [met["kind"] for met in told.runs[0].reactions] == ["clicked", "opened"]
    assert 'email "cart" clicked: https://shop.example/cart\n' in text
    assert text.index("began: cart_left") < text.index('email "cart" sent') < text.index('email "cart" opened')
    assert before.runs == ()


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
