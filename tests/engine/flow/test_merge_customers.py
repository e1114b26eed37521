"""An anonymous customer becomes a known one: nothing is lost on the way, and neither history is forgotten."""

from __future__ import annotations

from datetime import timedelta

from dsl import plan
from engine.flow.delivery.claiming import claim_messages
from engine.flow.delivery.judging import Room
from tests.engine.flow.shop import HOUR, known, open_shop, rule, send, stop

CART = rule("cart", "cart_abandoned", delay=HOUR, stops=(stop("order_placed"),))


async def test_runs_and_history_move_and_the_timer_fires_for_the_known_customer(database_url: str) -> None:
    async with open_shop(database_url, CART) as shop:
        await shop.post(shop.anonymous("x", "cart_abandoned", cart_id="c1"))
        await shop.advance()
        await shop.post(shop.identify("42", email="a@b.example"), shop.merge("x", "42"))
        await shop.advance()
        await shop.let_time_pass(timedelta(hours=2))

        await shop.advance()

        assert await shop.templates_sent_to("u:42") == ["cart"]
        assert await shop.templates_sent_to("a:x") == []
        moved = await shop.fetch("SELECT DISTINCT customer, partition FROM event WHERE name = 'cart_abandoned'")
        assert moved == [(known("42"), shop.partition("u:42"))]


async def test_history_that_moves_to_a_partition_without_any_event_is_not_decided_again(database_url: str) -> None:
    async with open_shop(database_url, rule("welcome", "registered")) as shop:
        elsewhere = next(f"x{n}" for n in range(100) if shop.partition(f"a:x{n}") != shop.partition("u:42"))
        await shop.post(shop.anonymous(elsewhere, "registered"))
        await shop.advance()
        await shop.post(shop.merge(elsewhere, "42"))

        await shop.advance()
        await shop.advance()  # as a sweep does

        assert await shop.value("SELECT count(*) FROM run") == 1


async def test_later_events_of_a_merged_customer_are_decided_for_the_known_one(database_url: str) -> None:
    async with open_shop(database_url, CART, rule("welcome", "registered")) as shop:
        await shop.post(shop.anonymous("x", "page_viewed"), shop.merge("x", "42"))
        await shop.advance()
        await shop.post(shop.anonymous("x", "registered"))

        await shop.advance()

        assert await shop.templates_sent_to("u:42") == ["welcome"]


async def test_an_event_right_behind_its_merge_in_one_batch_is_forwarded(database_url: str) -> None:
    async with open_shop(database_url, rule("welcome", "registered")) as shop:
        await shop.post(shop.merge("x", "42"), shop.anonymous("x", "registered"))

        await shop.advance()

        assert await shop.templates_sent_to("u:42") == ["welcome"]
        assert await shop.value("SELECT count(*) FROM message") == 1


async def test_what_the_known_customer_has_done_stops_the_run_that_arrives(database_url: str) -> None:
    async with open_shop(database_url, CART) as shop:
        await shop.post(shop.anonymous("x", "cart_abandoned", cart_id="c1"))
        await shop.advance()
        await shop.post(shop.event("42", "order_placed"))
        await shop.advance()
        await shop.post(shop.merge("x", "42"))

        await shop.advance()

        assert (await shop.run_of("u:42"))["end_reason"] == "stop when order_placed"


async def test_what_the_anonymous_customer_has_done_stops_the_run_of_the_known_one(database_url: str) -> None:
    async with open_shop(database_url, CART) as shop:
        await shop.post(shop.event("42", "cart_abandoned"))
        await shop.advance()
        await shop.post(shop.anonymous("x", "order_placed"))
        await shop.advance()
        await shop.post(shop.merge("x", "42"))

        await shop.advance()

        assert (await shop.run_of("u:42"))["end_reason"] == "stop when order_placed"


async def test_an_order_from_before_the_cart_does_not_stop_it(database_url: str) -> None:
    async with open_shop(database_url, CART) as shop:
        await shop.post(shop.event("42", "order_placed", ago=timedelta(hours=1)))
        await shop.post(shop.anonymous("x", "cart_abandoned"), shop.merge("x", "42"))

        await shop.advance()

        assert (await shop.run_of("u:42"))["state"] == "waiting"


async def test_an_event_from_before_a_wait_began_does_not_end_it(database_url: str) -> None:
    waits = plan.WaitFor(match=plan.EventMatch(events=("reply_sent",)), up_to=HOUR, line=1)
    asks = rule("asks", "registered", plan.Wait(length=plan.Length(1, "second"), line=1), waits, send("thanks"))
    async with open_shop(database_url, asks) as shop:
        await shop.post(shop.event("42", "registered", ago=timedelta(minutes=2)))
        await shop.advance()
        await shop.post(shop.anonymous("x", "reply_sent", ago=timedelta(seconds=119, milliseconds=500)))
        await shop.advance()
        await shop.post(shop.merge("x", "42"))

        await shop.advance()

        assert (await shop.run_of("u:42"))["state"] == "waiting"
        assert await shop.templates_sent_to("u:42") == []


async def test_what_is_known_stays_and_the_anonymous_fills_in(database_url: str) -> None:
    async with open_shop(database_url) as shop:
        await shop.post(shop.identify("42", email="a@b.example", city="Riga"))
        await shop.post(shop.merge("x", "42"))
        await shop.execute(
            "INSERT INTO customer (partition, id, key, timezone, attributes) VALUES ($1, $2, 'a:x', 'Europe/Riga', $3)",
            shop.partition("a:x"),
            shop.anonymous("x", "page_viewed").customer,
            {"city": "Oslo", "size": "L"},
        )

        await shop.advance()

        (row,) = await shop.fetch("SELECT email, timezone, attributes FROM customer WHERE key = 'u:42'")
        assert row == ("a@b.example", "Europe/Riga", {"city": "Riga", "size": "L"})


async def test_a_message_whose_hand_over_was_under_way_reports_to_the_run_where_it_is_now(database_url: str) -> None:
    async with open_shop(database_url, rule("two", "registered", send("first"), send("second"))) as shop:
        await shop.post(shop.anonymous("x", "registered"))
        await shop.advance()
        await shop.execute("UPDATE message SET state = 'sending'")
        await shop.post(shop.merge("x", "42"))
        await shop.advance()
        await shop.execute("INSERT INTO outcome SELECT partition, id, run, customer, 'sent', now() FROM message")

        await shop.advance()

        assert "second" in await shop.templates_sent_to("u:42")
        assert await shop.value("SELECT count(*) FROM outcome") == 0


async def test_merges_that_go_round_in_a_circle_end(database_url: str) -> None:
    async with open_shop(database_url, rule("welcome", "registered")) as shop:
        await shop.post(shop.merge_known("1", "2"))
        await shop.advance()
        await shop.post(shop.merge_known("2", "1"))
        await shop.advance()
        await shop.post(shop.event("1", "registered"))

        await shop.advance()

        assert await shop.templates_sent_to("u:2") == ["welcome"]


async def test_a_customer_merged_into_one_that_was_merged_ends_up_at_the_last(database_url: str) -> None:
    async with open_shop(database_url, CART) as shop:
        await shop.post(shop.merge_known("old", "new"))
        await shop.advance()
        await shop.post(shop.anonymous("x", "cart_abandoned"), shop.merge("x", "old"))

        await shop.advance()

        assert (await shop.run_of("u:new"))["state"] == "waiting"


async def test_a_message_that_a_provider_put_off_follows_its_customer_to_the_known_address(database_url: str) -> None:
    async with open_shop(database_url, rule("welcome", "registered")) as shop:
        await shop.post(shop.anonymous("x", "registered"))
        await shop.advance()
        await shop.execute("UPDATE message SET state = 'sending', attempt = id, deadline = now() + interval '1 minute'")
        await shop.post(shop.identify("42", email="a@b.example"), shop.merge("x", "42"))
        await shop.advance()
        await shop.execute("UPDATE message SET state = 'queued', deadline = NULL, due_at = now()")

        first = await claim_messages(shop.runtime, room=Room(total=10, marketing=10))
        second = await claim_messages(shop.runtime, room=Room(total=10, marketing=10))

        assert (first.is_last, first.claimed, first.suppressed) == (False, (), 0)
        assert [each.message.email for each in second.claimed] == ["a@b.example"]
        assert second.claimed[0].message.partition == shop.partition("u:42")


async def test_a_stop_reaches_a_message_that_was_put_off_during_the_merge(database_url: str) -> None:
    async with open_shop(database_url, rule("welcome", "registered", stops=(stop("order_placed"),))) as shop:
        await shop.post(shop.anonymous("x", "registered"))
        await shop.advance()
        await shop.execute("UPDATE message SET state = 'sending', attempt = id, deadline = now() + interval '1 minute'")
        await shop.post(shop.identify("42", email="a@b.example"), shop.merge("x", "42"))
        await shop.advance()
        await shop.post(shop.event("42", "order_placed"))
        await shop.advance()
        await shop.execute("UPDATE message SET state = 'queued', deadline = NULL, due_at = now()")

        await claim_messages(shop.runtime, room=Room(total=10, marketing=10))
        await claim_messages(shop.runtime, room=Room(total=10, marketing=10))

        assert await shop.fetch("SELECT state, reason FROM message") == [("suppressed", "stop when order_placed")]


async def test_forwarded_events_keep_their_order(database_url: str) -> None:
    async with open_shop(database_url, rule("welcome", "registered")) as shop:
        names = [f"event_{number}" for number in range(40)]
        await shop.post(shop.merge("x", "42"), *(shop.anonymous("x", name) for name in names))
        await shop.advance()

        found = await shop.fetch(
            "SELECT name FROM event WHERE customer = $1 AND kind = 0 ORDER BY xid, seq", known("42")
        )

        assert [row["name"] for row in found] == names


async def test_two_runs_about_one_cart_become_one(database_url: str) -> None:
    async with open_shop(database_url, CART) as shop:
        await shop.post(shop.anonymous("x", "cart_abandoned"))
        await shop.post(shop.event("42", "cart_abandoned"))
        await shop.advance()
        await shop.post(shop.merge("x", "42"))
        await shop.advance()
        await shop.let_time_pass(timedelta(hours=2))

        await shop.advance()

        assert await shop.templates_sent_to("u:42") == ["cart"]
        ends = await shop.fetch("SELECT end_reason FROM run ORDER BY began_at")
        assert ends == [("merged",), (None,)]


async def test_runs_that_may_be_parallel_stay_so(database_url: str) -> None:
    cart = rule("cart", "cart_abandoned", delay=HOUR, repeated="parallel")
    async with open_shop(database_url, cart) as shop:
        await shop.post(shop.anonymous("x", "cart_abandoned"))
        await shop.post(shop.event("42", "cart_abandoned"))
        await shop.advance()
        await shop.post(shop.merge("x", "42"))

        await shop.advance()

        assert await shop.value("SELECT count(*) FROM run WHERE state = 'waiting'") == 2


async def test_an_event_that_was_sent_on_without_end_is_not_lost_without_a_trace(database_url: str) -> None:
    async with open_shop(database_url, rule("welcome", "registered")) as shop:
        await shop.post(shop.merge("x", "42"))
        await shop.advance()
        late = shop.anonymous("x", "registered")
        await shop.post(late)
        await shop.execute("UPDATE event SET body = body || '{\"hops\": 64}' WHERE id = $1", late.id)

        await shop.advance()

        assert await shop.fetch("SELECT what, subject FROM quarantine") == [("event", str(late.id))]
