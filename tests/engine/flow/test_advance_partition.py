"""Events in the table become runs and messages."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from dsl import plan
from engine.flow.advancing.advance_partition import advance_partition, advance_partitions
from engine.flow.advancing.batch_sizes import Limits
from engine.storage.events.cursors import lock_cursors
from tests.engine.flow.shop import HOUR, open_shop, rule, send, stop

CART = rule("cart", "cart_abandoned", delay=HOUR, stops=(stop("order_placed"),))


async def test_an_event_becomes_a_run_and_a_message(database_url: str) -> None:
    async with open_shop(database_url, rule("welcome", "registered")) as shop:
        await shop.post(shop.event("42", "registered", plan="free"))

        progress = await advance_partition(shop.runtime, shop.partition("u:42"))

        assert (progress.events, progress.messages) == (1, 1)
        assert await shop.templates_sent_to("u:42") == ["welcome"]
        assert await shop.fetch("SELECT key FROM customer") == [("u:42",)]


async def test_the_same_batch_is_not_decided_twice(database_url: str) -> None:
    async with open_shop(database_url, rule("welcome", "registered")) as shop:
        await shop.post(shop.event("42", "registered"))
        await shop.advance()

        again = await shop.advance()

        assert not again
        assert await shop.templates_sent_to("u:42") == ["welcome"]


async def test_a_timer_fires_when_it_is_due_and_a_stop_ends_the_run(database_url: str) -> None:
    async with open_shop(database_url, CART) as shop:
        await shop.post(shop.event("1", "cart_abandoned"), shop.event("2", "cart_abandoned"))
        await shop.advance()
        assert await shop.fetch("SELECT template FROM message") == []
        await shop.post(shop.event("1", "order_placed"))
        await shop.let_time_pass(timedelta(hours=2))

        await shop.advance()

        assert await shop.templates_sent_to("u:1") == []
        assert await shop.templates_sent_to("u:2") == ["cart"]
        assert (await shop.run_of("u:1"))["end_reason"] == "stop when order_placed"


async def test_events_of_customers_that_no_rule_asks_about_only_make_the_customer(database_url: str) -> None:
    async with open_shop(database_url, CART) as shop:
        await shop.post(shop.event("7", "page_viewed"))

        progress = await shop.advance()

        assert progress.events == 1
        assert await shop.value("SELECT key FROM customer") == "u:7"
        assert await shop.value("SELECT count(*) FROM run") == 0


async def test_identify_is_what_the_next_rule_sees(database_url: str) -> None:
    is_gold = plan.Compare(plan.Attribute("tier", "text"), "is", plan.Constant("text", "gold"))
    guard = plan.Guard(word="only if", condition=is_gold, text="only if customer.tier is gold", line=1)
    async with open_shop(
        database_url, rule("vip", "order_placed", guards=(guard,)), attributes={"tier": "text"}
    ) as shop:
        await shop.post(shop.identify("1", tier="gold", email="a@b.example"), shop.event("1", "order_placed"))
        await shop.post(shop.event("2", "order_placed"))

        await shop.advance()

        assert await shop.templates_sent_to("u:1") == ["vip"]
        assert await shop.templates_sent_to("u:2") == []
        assert await shop.value("SELECT email FROM customer WHERE key = 'u:1'") == "a@b.example"


async def test_a_trait_that_does_not_fit_its_kind_is_left_out_and_leaves_a_trace(database_url: str) -> None:
    kinds = {"birthday": "date", "orders": "number", "city": "text"}
    async with open_shop(database_url, rule("welcome", "registered"), attributes=kinds) as shop:
        await shop.post(
            shop.identify("42", birthday="soon", orders="3", city="Kazan", timezone="Mars/Base", email=None)
        )
        await shop.post(shop.identify("42", birthday="soon"))

        await shop.advance()

        left_out = await shop.fetch("SELECT source, reason, path, body FROM reject ORDER BY id")
        assert [(row["source"], row["path"]) for row in left_out] == [
            ("test", "$.traits.birthday"),
            ("test", "$.traits.timezone"),
            ("test", "$.traits.birthday"),
        ]
        assert left_out[0]["reason"] == "birthday is no date: it was left out, and the rest was taken"
        assert left_out[0]["body"] == '{"customer": "u:42", "traits": {"birthday": "soon"}}'
        assert await shop.value("SELECT attributes FROM customer") == {"orders": 3, "city": "Kazan"}


async def test_properties_that_do_not_fit_the_schema_are_told_once_a_batch_and_the_event_is_taken(
    database_url: str,
) -> None:
    kinds = {"cart_left": plan.EventFacts(properties={"total": "money", "items": "list of text"})}
    async with open_shop(database_url, rule("cart", "cart_left"), partitions=1, events=kinds, currency="EUR") as shop:
        await shop.post(
            *(shop.event(str(number), "cart_left", total="abc", items=["cup"]) for number in range(3)),
            shop.event("9", "cart_left", total="12.50", items=["cup", 7]),
        )

        progress = await shop.advance()

        told = await shop.fetch("SELECT source, reason, path, body FROM reject ORDER BY path")
        assert progress.messages == 4
        assert [(row["source"], row["path"]) for row in told] == [
            ("test", "$.properties.items"),
            ("test", "$.properties.total"),
        ]
        assert told[1]["reason"] == (
            "total of cart_left is no money: for rules it is unknown, and the event was taken;"
            " so in 3 events of one batch, of which this is the first"
        )
        assert told[1]["body"] == '{"customer": "u:0", "event": "cart_left", "properties": {"total": "abc"}}'


async def test_a_run_goes_on_when_its_message_has_its_verdict(database_url: str) -> None:
    async with open_shop(database_url, rule("two", "registered", send("first"), send("second"))) as shop:
        await shop.post(shop.event("1", "registered"))
        await shop.advance()
        before = await shop.templates_sent_to("u:1")
        await shop.execute(
            """
            INSERT INTO outcome SELECT partition, id, run, customer, 'sent', now() FROM message WHERE template = 'first'
            """
        )

        progress = await shop.advance()

        assert before == ["first"]
        assert progress.outcomes == 1
        assert await shop.templates_sent_to("u:1") == ["first", "second"]
        assert await shop.value("SELECT count(*) FROM outcome") == 0


async def test_what_a_run_emits_starts_others_in_the_same_batch_and_is_never_read_again(database_url: str) -> None:
    emits = rule("emits", "registered", plan.Emit(event="welcomed", line=1))
    async with open_shop(database_url, emits, rule("greets", "welcomed")) as shop:
        await shop.post(shop.event("1", "registered"))

        first = await shop.advance()
        second = await shop.advance()

        assert (first.events, first.messages) == (1, 1)
        assert not second
        emitted = await shop.fetch(
            "SELECT kind, xid::text AS xid, body -> 'cause' AS cause FROM event WHERE name = 'welcomed'"
        )
        assert [(row["kind"], row["xid"], row["cause"]["depth"]) for row in emitted] == [(3, "0", 1)]


async def test_a_partition_that_another_worker_has_is_left_to_it(database_url: str) -> None:
    async with open_shop(database_url, rule("welcome", "registered")) as shop:
        await shop.post(shop.event("42", "registered"))
        partition = shop.partition("u:42")
        async with shop.runtime.database.transaction() as other:
            await lock_cursors(other, [partition])

            progress = await advance_partition(shop.runtime, partition)

        assert progress.busy == {partition}
        assert not progress
        assert await shop.templates_sent_to("u:42") == []


async def test_a_stop_behind_an_open_transaction_still_wins_over_a_send_that_is_due(database_url: str) -> None:
    """S24: it was acknowledged, so it counts, although it cannot be read yet."""
    async with open_shop(database_url, CART, partitions=1) as shop:
        await shop.post(shop.event("1", "cart_abandoned"))
        await shop.advance()
        async with shop.runtime.database.connection() as foreign:
            transaction = foreign.transaction()
            await transaction.start()
            await foreign.execute("SELECT pg_current_xact_id()")
            await shop.post(shop.event("1", "order_placed"))
            await shop.execute("UPDATE run SET wake_at = clock_timestamp()")

            while_open = await shop.advance()
            await transaction.rollback()

        assert (while_open.held, while_open.moved) == ({0}, set())
        assert await shop.templates_sent_to("u:1") == []
        await shop.advance()
        assert (await shop.run_of("u:1"))["end_reason"] == "stop when order_placed"


async def test_a_stop_beyond_the_batch_wins_over_a_send_that_is_due(database_url: str) -> None:
    async with open_shop(database_url, CART, partitions=1) as shop:
        await shop.post(shop.event("1", "cart_abandoned"))
        await shop.advance()
        await shop.post(
            *(shop.event("2", "page_viewed") for _ in range(Limits().events + 1)), shop.event("1", "order_placed")
        )
        await shop.execute("UPDATE run SET wake_at = clock_timestamp()")

        first = await advance_partition(shop.runtime, 0)
        await shop.advance()

        assert first.more == {0}
        assert await shop.templates_sent_to("u:1") == []
        assert (await shop.run_of("u:1"))["end_reason"] == "stop when order_placed"


async def test_a_long_backlog_is_decided_batch_by_batch(database_url: str) -> None:
    async with open_shop(database_url, rule("welcome", "registered"), partitions=2) as shop:
        count = 2 * Limits().events + 1
        await shop.post(*(shop.event(str(number), "registered") for number in range(count)))

        progress = await shop.advance()

        assert (progress.events, progress.messages) == (count, count)


async def test_a_decision_whose_message_exists_already_counts_once(database_url: str) -> None:
    async with open_shop(database_url, rule("welcome", "registered")) as shop:
        await shop.post(shop.event("1", "registered"))
        await shop.advance()
        await shop.execute("DELETE FROM run")
        await shop.execute("UPDATE partition_cursor SET xid = '0', seq = 0")
        await shop.post(shop.event("2", "registered"))

        await shop.advance()

        assert await shop.templates_sent_to("u:1") == ["welcome"]
        assert await shop.templates_sent_to("u:2") == ["welcome"]
        assert await shop.value("SELECT count(*) FROM quarantine") == 0


async def test_a_run_keeps_the_plan_it_began_with_also_in_a_worker_that_never_saw_it(database_url: str) -> None:
    async with open_shop(database_url, CART) as shop:
        await shop.post(shop.event("1", "cart_abandoned"), shop.event("2", "cart_abandoned"))
        await shop.advance()
    new = rule("cart", "cart_abandoned", send("other"), delay=plan.Length(2, "hour"))
    async with open_shop(database_url, new) as shop:
        await shop.post(shop.event("1", "order_placed"))
        await shop.let_time_pass(timedelta(minutes=61))

        await shop.advance()

        assert (await shop.run_of("u:1"))["end_reason"] == "stop when order_placed"
        assert await shop.templates_sent_to("u:2") == ["cart"]


async def test_two_workers_at_once_decide_everything_once(database_url: str) -> None:
    async with (
        open_shop(database_url, rule("welcome", "registered")) as one,
        open_shop(database_url, rule("welcome", "registered")) as two,
    ):
        for start in range(0, 1000, 100):
            await one.post(*(one.event(str(number), "registered") for number in range(start, start + 100)))
            await asyncio.gather(
                *(advance_partitions(shop.runtime, range(shop.partitions)) for shop in (one, two, one, two))
            )
        await one.advance()

        assert await one.value("SELECT count(*) FROM message") == 1000
        assert await one.value("SELECT count(DISTINCT customer) FROM message") == 1000
