"""`kogda explain --customer`: what a rule did for one customer, and why not, from what is recorded."""

from __future__ import annotations

from datetime import timedelta

import pytest

from api.cli.explain_report import render_explanation
from dsl import plan
from engine.callbacks import Report
from engine.flow.answers.take_reports import Setting, take_reports
from engine.flow.customers.find_customer import NobodyThere
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.flow.publishing.publish_rules import publish
from engine.flow.telling.explain_customer import Explanation
from tests.engine.delivery.outbox import SETTINGS, ScriptedChannel
from tests.engine.flow.explaining import ATTRIBUTES, EMAIL, explained, guarded
from tests.engine.flow.shop import HOUR, Shop, open_shop, rule, send, stop

BIG = plan.Compare(plan.Property("total", "number"), ">", plan.Constant("number", 100))


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
