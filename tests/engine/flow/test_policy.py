"""Quiet hours, caps, places and ways through PostgreSQL, with workers that act at the same time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from dsl import plan
from engine.channels import Rejected, TryLater
from engine.clock import utc_now
from engine.core.identity import customer_id
from engine.flow.advancing.advance_partition import advance_partitions
from engine.flow.delivery.claiming import claim_messages
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.flow.delivery.judging import Room
from engine.flow.publishing.publish_rules import publish
from tests.engine.delivery.outbox import ScriptedChannel
from tests.engine.flow.shop import Shop, known, open_shop, rule, send

DAY = plan.Length(1, "day")
TEMPLATES = {
    **{f"email/{name}.html": "---\nsubject: x\n---\n<p>x</p>" for name in ("offer", "news", "more")},
    "sms/hi.txt": "Hi",
}
SETTINGS: dict[str, Any] = {"mail": {"from": "Shop <hello@shop.example>"}}


@asynccontextmanager
async def shop_that_sends(database_url: str, *rules: plan.Rule, **facts: Any) -> AsyncIterator[Shop]:
    async with open_shop(database_url) as shop:
        shop.runtime.channels = {"email": ScriptedChannel(), "sms": ScriptedChannel()}
        await go_live(shop, *rules, **facts)
        yield shop


async def go_live(shop: Shop, *rules: plan.Rule, **facts: Any) -> None:
    live = plan.Plan(rules=rules, **facts)
    await publish(shop.runtime.database, live, templates=TEMPLATES, settings=SETTINGS)


def quiet_now() -> plan.QuietHours:
    """From an hour ago to two hours from now, by UTC."""
    now = utc_now()
    ends = [f"{now + timedelta(hours=hours):%H:%M}" for hours in (-1, 2)]
    return plan.QuietHours(start=ends[0], end=ends[1])


async def register(shop: Shop, *names: str, event: str = "registered") -> None:
    for name in names:
        await shop.post(shop.identify(name, email=f"{name}@b.example", phone="+700"), shop.event(name, event))
    await shop.advance()


async def work(shop: Shop) -> None:
    """Deliver and decide until nothing more happens."""
    for _ in range(6):
        await deliver_messages(shop.runtime)
        await shop.advance()


async def states(shop: Shop) -> list[tuple[str, str, str | None]]:
    rows = await shop.fetch("SELECT template, state, reason FROM message ORDER BY created_at, template")
    return [(row["template"], row["state"], row["reason"]) for row in rows]


async def test_a_message_in_quiet_hours_waits_and_its_rule_is_asked_again(database_url: str) -> None:
    condition = plan.Not(plan.IsKnown(plan.Attribute("city", "text")))
    guard = plan.Guard(word="only if", condition=condition, text="only if customer.city is unknown", line=1)
    offer = rule("offer", "registered", send("offer"), guards=(guard,))
    hours = quiet_now()
    async with shop_that_sends(database_url, offer, quiet_hours=hours) as shop:
        await register(shop, "1", "2")

        await work(shop)

        assert await states(shop) == [("offer", "postponed", "quiet hours")] * 2
        run = await shop.run_of("u:1")
        assert (run["state"], f"{run['wake_at']:%H:%M}") == ("waiting", hours.end)

        await shop.post(shop.identify("2", city="Oslo"))
        await go_live(shop, offer)
        await shop.let_time_pass(timedelta(hours=3))
        await work(shop)

        assert Counter(state for _, state, _ in await states(shop)) == {"postponed": 2, "sent": 1}
        assert (await shop.run_of("u:2"))["end_reason"] == "only if customer.city is unknown"
        assert (await shop.run_of("u:1"))["end_reason"] == "finished"


async def test_a_message_whose_run_is_over_waits_by_itself(database_url: str) -> None:
    offer = rule("offer", "registered", send("offer"))
    async with shop_that_sends(database_url, offer) as shop:
        await register(shop, "1")
        await go_live(shop, offer, quiet_hours=quiet_now())

        await work(shop)

        [row] = await shop.fetch("SELECT state, reason, due_at > now() + interval '1 hour' AS waits FROM message")
        assert tuple(row) == ("queued", "quiet hours", True)


@pytest.mark.parametrize("claimers", [1, 8])
async def test_no_cap_is_broken_by_any_number_of_claimers_and_priority_decides(
    database_url: str, claimers: int
) -> None:
    cap = plan.WorkspaceCap(limit=2, per=DAY)
    names = [str(number) for number in range(25)]
    templates = {f"email/t{number}.html": "---\nsubject: x\n---\nx" for number in range(6)}
    rules = [rule(f"r{number}", "registered", send(f"t{number}"), priority=number) for number in range(6)]
    async with open_shop(database_url) as shop:
        shop.runtime.channels = {"email": ScriptedChannel()}
        live = plan.Plan(rules=tuple(rules), caps=(cap,))
        await publish(shop.runtime.database, live, templates=templates, settings=SETTINGS)
        await register(shop, *names)

        await asyncio.gather(*(deliver_messages(shop.runtime, at_once=5) for _ in range(claimers)))

        rows = await shop.fetch("SELECT customer, rule FROM message WHERE state = 'sent'")
        got: dict[Any, set[str]] = {}
        for row in rows:
            got.setdefault(row["customer"], set()).add(row["rule"])
        assert got == {known(name): {"r4", "r5"} for name in names}
        reasons = await shop.fetch("SELECT DISTINCT reason FROM message WHERE state <> 'sent'")
        assert [row[0] for row in reasons] == ["workspace cap: 2 messages per day"]


async def test_what_was_sent_before_a_cap_was_published_counts(database_url: str) -> None:
    offer, news = rule("offer", "registered", send("offer")), rule("news", "order_placed", send("news"))
    async with shop_that_sends(database_url, offer, news) as shop:
        await register(shop, "1")
        await work(shop)
        await go_live(shop, offer, news, caps=(plan.WorkspaceCap(limit=1, per=plan.Length(7, "day"), over="defer"),))

        await register(shop, "1", event="order_placed")
        await work(shop)

        assert await states(shop) == [
            ("offer", "sent", None),
            ("news", "postponed", "workspace cap: 1 message per 7 days"),
        ]
        run = await shop.value("SELECT wake_at FROM run WHERE rule = 'news'")
        today = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
        assert run == today + timedelta(days=7)


async def test_a_rules_own_cap_skips_and_the_run_goes_on(database_url: str) -> None:
    cap = plan.Cap(limit=1, channel=None, per=DAY, line=1)
    offer = rule("offer", "registered", send("offer"), send("more"), caps=(cap,))
    async with shop_that_sends(database_url, offer) as shop:
        await register(shop, "1")

        await work(shop)

        assert await states(shop) == [("offer", "sent", None), ("more", "suppressed", "cap: 1 message per day")]
        assert (await shop.run_of("u:1"))["end_reason"] == "finished"


async def test_a_message_in_a_workers_hands_holds_its_slot(database_url: str) -> None:
    cap = plan.Cap(limit=1, channel=None, per=DAY, line=1)
    offer = rule("offer", "registered", send("offer"), caps=(cap,), repeated="parallel")
    async with shop_that_sends(database_url, offer) as shop:
        await register(shop, "1")
        first = await claim_messages(shop.runtime, room=Room(total=10, marketing=10))
        await shop.execute("UPDATE message SET created_at = created_at - interval '2 minutes'")
        await register(shop, "1")

        second = await claim_messages(shop.runtime, room=Room(total=10, marketing=10))

        assert (len(first.claimed), len(second.claimed), second.suppressed) == (1, 0, 1)


async def test_exactly_the_first_customers_get_a_place_with_eight_writers(database_url: str) -> None:
    offer = rule("offer", "registered", send("offer"), first_customers=7)
    async with shop_that_sends(database_url, offer) as shop:
        for number in range(60):
            await shop.post(shop.event(str(number), "registered"))

        await asyncio.gather(*(advance_partitions(shop.runtime, [partition]) for partition in range(shop.partitions)))

        assert await shop.value("SELECT count(*) FROM message") == 7
        assert await shop.value("SELECT count(*) FROM once_mark") == 7
        assert await shop.value("SELECT count(*) FROM run") == 7


async def test_places_are_given_back_when_nothing_was_sent(database_url: str) -> None:
    offer = rule("offer", "registered", send("offer"), first_customers=1)
    async with shop_that_sends(database_url, offer) as shop:
        await shop.post(shop.event("1", "registered"))  # without an address
        await shop.advance()
        await work(shop)

        await register(shop, "2", "3")
        await work(shop)

        rows = await shop.fetch("SELECT customer FROM message WHERE state = 'sent'")
        assert len(rows) == 1
        assert rows[0][0] in (known("2"), known("3"))


def said_twice() -> plan.Rule:
    fallback = plan.Recipient(channel="sms", template="hi")
    return rule("offer", "registered", send("offer", fallbacks=(fallback,)), send("more"))


@pytest.mark.parametrize("why", ["refused", "no address", "no consent"])
async def test_another_way_follows_what_cannot_be_delivered(database_url: str, why: str) -> None:
    async with shop_that_sends(database_url, said_twice()) as shop:
        refuses = ScriptedChannel(answer=lambda each: Rejected("550 no such user"))
        if why == "refused":
            shop.runtime.channels = {**shop.runtime.channels, "email": refuses}
        traits: dict[str, Any] = {"phone": "+700"} if why == "no address" else {"phone": "+700", "email": "a@b.example"}
        if why == "no consent":
            traits["consent"] = {"email": False}
        await shop.post(shop.identify("1", **traits), shop.event("1", "registered"))
        await shop.advance()

        await work(shop)

        first, second, *_ = await states(shop)
        assert (first[0], first[1]) == ("offer", "failed" if why == "refused" else "suppressed")
        assert second == ("hi", "sent", None)
        sms = shop.runtime.channels["sms"]
        assert isinstance(sms, ScriptedChannel)
        assert [(each.address, each.content.text) for each in sms.given] == [("+700", "Hi")]


async def test_a_bounce_within_a_quarter_of_an_hour_lets_the_other_way_follow(database_url: str) -> None:
    async with shop_that_sends(database_url, said_twice()) as shop:
        await register(shop, "1")
        await work(shop)
        assert (await shop.run_of("u:1"))["state"] == "sending"

        await shop.post(shop.event("1", "email_bounced"))
        await shop.advance()
        await work(shop)

        assert [(name, state) for name, state, _ in await states(shop)] == [
            ("offer", "sent"),
            ("hi", "sent"),
            ("more", "sent"),
        ]


async def test_without_a_bounce_the_run_goes_on_after_a_quarter_of_an_hour(database_url: str) -> None:
    async with shop_that_sends(database_url, said_twice()) as shop:
        await register(shop, "1")
        await work(shop)

        await shop.let_time_pass(timedelta(minutes=16))
        await work(shop)

        assert [name for name, _, _ in await states(shop)] == ["offer", "more"]


async def test_a_provider_that_takes_nothing_for_a_quarter_of_an_hour_has_refused(database_url: str) -> None:
    async with shop_that_sends(database_url, said_twice()) as shop:
        busy = ScriptedChannel(answer=lambda each: TryLater("451 busy"))
        shop.runtime.channels = {**shop.runtime.channels, "email": busy}
        await register(shop, "1")
        await work(shop)
        [waiting] = await states(shop)
        assert waiting == ("offer", "queued", "451 busy")

        await shop.execute("UPDATE message SET created_at = created_at - interval '15 minutes', due_at = now()")
        await work(shop)

        first, second = (await states(shop))[:2]
        assert first == ("offer", "failed", "not taken within 15 minutes: 451 busy")
        assert second[:2] == ("hi", "sent")


async def test_the_best_channel_is_the_one_that_delivered_last(database_url: str) -> None:
    best = plan.Send(channel="best", template="hi", best_of=("email", "sms"), line=1)
    text = plan.Send(channel="sms", template="hi", line=1)
    async with shop_that_sends(
        database_url, rule("text", "registered", text), rule("best", "order_placed", best)
    ) as shop:
        await register(shop, "1")
        await work(shop)
        await shop.execute("UPDATE message SET created_at = created_at - interval '2 minutes'")

        await register(shop, "1", event="order_placed")

        [row] = await shop.fetch("SELECT channel FROM message WHERE rule = 'best'")
        assert row["channel"] == "sms"
        [note] = await shop.fetch("SELECT detail FROM run_note WHERE what = 'chooses'")
        assert note["detail"] == 'best "hi": sms, email (sms delivered last)'


async def test_places_and_slots_of_merged_customers_stay_counted(database_url: str) -> None:
    offer = rule("offer", "registered", send("offer"), first_customers=2)
    async with shop_that_sends(database_url, offer) as shop:
        await shop.post(shop.anonymous("x", "registered"), shop.event("42", "registered"))
        await shop.advance()
        await shop.post(shop.merge("x", "42"))
        await shop.advance()

        await shop.post(shop.event("43", "registered"), shop.event("44", "registered"))
        await shop.advance()

        marks = await shop.fetch("SELECT customer FROM once_mark")
        assert len(marks) == 2
        assert customer_id("u:42") in {row["customer"] for row in marks}
