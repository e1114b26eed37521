"""History in PostgreSQL: conditions, sequences, repeated events, late starts, over batches, restarts and merges."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dsl import plan
from engine.core.model import Past
from engine.storage.customers.history import Probe, read_past
from engine.storage.events.cursors import Cursor
from tests.engine.flow.shop import HOUR, Shop, known, open_shop, rule, send, stop

MONTH = plan.Length(30, "day")
IS_WEB = plan.Compare(plan.Property("kind", "text"), "is", plan.Constant("text", "web"))
DAY = timedelta(days=1)


def only_if(left: plan.Operand, comparison: plan.Comparison, kind: str, value: plan.JSON) -> tuple[plan.Guard, ...]:
    condition = plan.Compare(left, comparison, plan.Constant(kind, value))
    return (plan.Guard(word="only if", condition=condition, text="only if …", line=1),)


def counted(name: str, event: str = "registered", at_least: int = 2) -> plan.Rule:
    tally = plan.Tally("count", "order_placed", "number", where=IS_WEB, within=MONTH)
    return rule(name, event, guards=only_if(tally, ">=", "number", at_least))


def sequence(name: str, first: str, *then: plan.Then) -> plan.Rule:
    trigger = plan.SequenceTrigger(match=plan.EventMatch(events=(first,)), then=then)
    return plan.Rule(name=name, file=f"{name}.rules", line=1, trigger=trigger, steps=(send(name),))


def then(event: str, *, negated: bool = False, same: str | None = None) -> plan.Then:
    return plan.Then(match=plan.EventMatch(events=(event,), same=same), within=HOUR, negated=negated)


def times(name: str, event: str, number: int, *, by: str | None = None) -> plan.Rule:
    trigger = plan.TimesTrigger(match=plan.EventMatch(events=(event,)), times=number, within=MONTH, by=by)
    return plan.Rule(name=name, file=f"{name}.rules", line=1, trigger=trigger, steps=(send(name),))


async def order(shop: Shop, user: str, *, days_ago: float = 1, kind: str = "web", **more: object) -> None:
    await shop.post(shop.event(user, "order_placed", ago=days_ago * DAY, kind=kind, **more))


@pytest.mark.parametrize("in_one_batch", [True, False])
async def test_counts_see_earlier_batches_and_this_one(database_url: str, in_one_batch: bool) -> None:
    async with open_shop(database_url, counted("hello")) as shop:
        for user, kind in (("1", "web"), ("2", "shop")):
            await order(shop, user)
            await order(shop, user, kind=kind)
            await order(shop, user, days_ago=31)
        if not in_one_batch:
            await shop.advance()

        await shop.post(shop.event("1", "registered"), shop.event("2", "registered"))
        await shop.advance()

        assert await shop.templates_sent_to("u:1") == ["hello"]
        assert await shop.templates_sent_to("u:2") == []


async def test_sums_last_values_and_days_since_are_read_from_the_table(database_url: str) -> None:
    total = plan.Tally("sum", "order_placed", "money", property="total", currency="RUB")
    rules = (
        rule("sum", "registered", guards=only_if(total, "is", "money", {"amount": "1500", "currency": "RUB"})),
        rule("last", "registered", guards=only_if(plan.LastValue("order_placed", "kind", "text"), "is", "text", "new")),
        rule("days", "registered", guards=only_if(plan.DaysSince("order_placed"), "is", "number", 2)),
    )
    async with open_shop(database_url, *rules) as shop:
        await order(shop, "1", days_ago=2, kind="new", total=1000, currency="RUB")
        await order(shop, "1", days_ago=400, kind="old", total="500 RUB")
        await order(shop, "1", days_ago=3, kind="old", total=70, currency="USD")
        await shop.advance()

        await shop.post(shop.event("1", "registered"))
        await shop.advance()

        assert await shop.templates_sent_to("u:1") == ["days", "last", "sum"]


async def test_a_last_value_is_however_old_beside_a_window_that_holds_nothing(database_url: str) -> None:
    tally = plan.Tally("count", "order_placed", "number", within=MONTH)
    last = plan.LastValue("order_placed", "kind", "text")
    rules = [
        rule(kind, "registered", guards=(*only_if(tally, "is", "number", count), *only_if(last, "is", "text", kind)))
        for kind, count in (("old", 0), ("new", 1))
    ]
    async with open_shop(database_url, *rules) as shop:
        for user in "12":
            await order(shop, user, days_ago=40, kind="old")
        await order(shop, "2", kind="new")
        await shop.advance()

        await shop.post(*(shop.event(user, "registered") for user in "123"))
        await shop.advance()

        assert await shop.templates_sent_to("u:1") == ["old"]
        assert await shop.templates_sent_to("u:2") == ["new"]
        assert await shop.templates_sent_to("u:3") == []


async def test_a_waiting_run_counts_anew_when_it_is_due_after_a_restart(database_url: str) -> None:
    tally = plan.Tally("count", "order_placed", "number")
    waiting = rule("hello", "registered", delay=HOUR, guards=only_if(tally, "is", "number", 0))
    async with open_shop(database_url, waiting) as shop:
        await shop.post(shop.event("1", "registered"), shop.event("2", "registered"))
        await shop.advance()
        await order(shop, "1")
        await shop.advance()

    async with open_shop(database_url, waiting) as shop:
        await shop.let_time_pass(timedelta(hours=1))
        await shop.advance()

        assert await shop.templates_sent_to("u:1") == []
        assert await shop.templates_sent_to("u:2") == ["hello"]


async def test_a_run_of_an_older_rule_set_still_reads_its_history(database_url: str) -> None:
    tally = plan.Tally("count", "order_placed", "number", where=IS_WEB)
    waiting = rule("hello", "registered", delay=HOUR, guards=only_if(tally, "is", "number", 1))
    async with open_shop(database_url, waiting) as shop:
        await order(shop, "1")
        await shop.post(shop.event("1", "registered"))
        await shop.advance()
        # The guard is asked at the start and at the send: by then another rule set is live, which asks for nothing.
        await shop.publish(rule("other", "pinged"))
    async with open_shop(database_url, rule("other", "pinged")) as shop:
        await shop.let_time_pass(timedelta(hours=1))
        await shop.advance()

        assert await shop.templates_sent_to("u:1") == ["hello"]


async def test_a_goal_reads_its_history_though_the_run_has_ended(database_url: str) -> None:
    tally = plan.Tally("count", "order_placed", "number", where=IS_WEB, within=MONTH)
    where = plan.Compare(tally, ">=", plan.Constant("number", 1))
    goal = plan.Goal(match=plan.EventMatch(events=("paid",), where=where), within=plan.Length(7, "day"))
    async with open_shop(database_url, rule("hello", "registered", goal=goal)) as shop:
        await order(shop, "1")
        await shop.post(shop.event("1", "registered"), shop.event("2", "registered"))
        await shop.advance()
        ended = await shop.value("SELECT count(*) FROM run WHERE state = 'ended'")

        await shop.post(shop.event("1", "paid"), shop.event("2", "paid"))
        await shop.advance()

        assert ended == 2
        reached = "SELECT c.key FROM run r JOIN customer c ON c.id = r.customer WHERE r.body ? 'goal_at'"
        assert [row["key"] for row in await shop.fetch(reached)] == ["u:1"]


async def test_what_an_emitted_event_starts_reads_its_history_too(database_url: str) -> None:
    emits = rule("emits", "registered", plan.Emit(event="chained", line=1))
    async with open_shop(database_url, emits, counted("hello", "chained")) as shop:
        await order(shop, "1")
        await order(shop, "1")
        await shop.advance()

        await shop.post(shop.event("1", "registered"))
        await shop.advance()

        assert await shop.templates_sent_to("u:1") == ["hello"]


async def test_so_does_what_is_started_by_a_rule_that_needs_no_event(database_url: str) -> None:
    enters = plan.SegmentTrigger(segment="gold", enters=True)
    emits = plan.Rule(
        name="emits", file="emits.rules", line=1, trigger=enters, steps=(plan.Emit(event="chained", line=1),)
    )
    gold = plan.Compare(plan.Attribute("tier", "text"), "is", plan.Constant("text", "gold"))
    segments = {"gold": plan.Segment(condition=gold, hash="1", file="s.rules", line=1)}
    async with open_shop(
        database_url, emits, counted("hello", "chained"), segments=segments, attributes={"tier": "text"}
    ) as shop:
        await order(shop, "1")
        await order(shop, "1")
        await shop.advance()

        await shop.post(shop.identify("1", tier="gold"))
        await shop.advance()

        assert await shop.templates_sent_to("u:1") == ["hello"]


async def test_what_a_run_of_an_older_rule_set_emits_starts_live_rules_that_read_history(database_url: str) -> None:
    emits = rule("emits", "registered", plan.Emit(event="chained", line=1), delay=HOUR)
    async with open_shop(database_url, emits) as shop:
        await order(shop, "1")
        await order(shop, "1")
        await shop.post(shop.event("1", "registered"))
        await shop.advance()
        await shop.publish(counted("hello", "chained"))
        await shop.let_time_pass(timedelta(hours=1))
        await shop.advance()

        assert await shop.templates_sent_to("u:1") == ["hello"]


async def test_no_more_is_read_than_is_needed(database_url: str) -> None:
    async with open_shop(database_url, rule("hello", "registered"), partitions=1) as shop:
        for days in (1, 2, 3, 40):
            await order(shop, "1", days_ago=days, total=days, big="x" * 100)
        await shop.advance()
        async with shop.runtime.database.connection() as connection:
            row = await connection.fetchrow("SELECT partition, xid, seq, floor, epoch FROM partition_cursor")
            cursor, since = Cursor(*row), shop.runtime.clock() - 30 * DAY
            probes = [Probe(known("1"), cursor, "order_placed", since, most) for most in (10_000, 2)]
            probes += [Probe(known("2"), cursor, "order_placed", since, 1)]

            [all_, newest, nobody] = await read_past(connection, probes, {"order_placed": ["total", "missing"]})
            [bare] = await read_past(connection, probes[:1], {"order_placed": []})
            [many] = await read_past(connection, probes[:1], {"order_placed": ["total", *"abcdefgh"]})

        assert [past.properties for past in all_] == [{"total": days, "missing": None} for days in (3, 2, 1)]
        assert newest == all_[1:]
        assert nobody == ()
        assert bare == tuple(Past(past.at, {}) for past in all_)
        assert [past.properties for past in many] == [
            {"total": days, **dict.fromkeys("abcdefgh")} for days in (3, 2, 1)
        ]


async def test_a_sequence_stands_over_batches_restarts_and_publications(database_url: str) -> None:
    rules = (
        sequence("unpaid", "cart_updated", then("order_placed", negated=True)),
        sequence("thanks", "cart_updated", then("order_placed", same="cart_id")),
    )
    async with open_shop(database_url, *rules) as shop:
        await shop.post(*(shop.event(user, "cart_updated", cart_id="c1") for user in "123"))
        await shop.advance()
        await shop.post(shop.event("1", "order_placed", cart_id="c1"), shop.event("2", "order_placed", cart_id="c2"))
        await shop.advance()
        await shop.publish(rule("other", "pinged"))

    async with open_shop(database_url, rule("other", "pinged")) as shop:
        await shop.let_time_pass(timedelta(hours=1))
        await shop.advance()

        assert await shop.templates_sent_to("u:1") == ["thanks"]
        assert await shop.templates_sent_to("u:2") == []
        assert await shop.templates_sent_to("u:3") == ["unpaid"]


@pytest.mark.parametrize("in_one_batch", [True, False])
async def test_parts_of_a_sequence_that_arrive_before_its_first_event_count(
    database_url: str, in_one_batch: bool
) -> None:
    rules = (
        sequence("unpaid", "cart_updated", then("order_placed", negated=True)),
        sequence("thanks", "cart_updated", then("order_placed"), then("order_paid", same="cart_id")),
    )
    async with open_shop(database_url, *rules) as shop:
        minutes = timedelta(minutes=1)
        for name, ago in (("order_paid", 10), ("order_placed", 20), ("cart_updated", 30)):
            await shop.post(*(shop.event(user, name, ago=ago * minutes, cart_id="c1") for user in "12"))
            if not in_one_batch:
                await shop.advance()
        await shop.advance()

        assert await shop.templates_sent_to("u:1") == ["thanks"]
        assert (
            await shop.value("SELECT count(*) FROM run WHERE end_reason = 'sequence not completed: order_placed'") == 2
        )


async def test_repeated_events_fire_once_for_each_so_many(database_url: str) -> None:
    async with open_shop(database_url, times("look", "product_viewed", 3, by="sku")) as shop:
        for batch in range(7):
            await shop.post(*(shop.event("1", "product_viewed", sku=sku) for sku in ("a", f"other {batch}")))
            await shop.advance()
        marks = await shop.fetch("SELECT key, used FROM count_mark")

        assert await shop.value("SELECT count(*) FROM run") == 2
        assert [tuple(mark) for mark in marks] == [("a", 1)]


async def test_repeated_events_count_those_from_before_the_rule_and_go_on_after_a_restart(database_url: str) -> None:
    look = times("look", "product_viewed", 3)
    async with open_shop(database_url, rule("other", "pinged")) as shop:
        await shop.post(*(shop.event("1", "product_viewed", ago=days * DAY) for days in (3, 2, 40)))
        await shop.advance()
        await shop.publish(look)
        await shop.post(shop.event("1", "product_viewed"))
        await shop.advance()
        assert await shop.value("SELECT count(*) FROM run") == 1

    async with open_shop(database_url, look) as shop:
        for _ in range(3):
            await shop.post(shop.event("1", "product_viewed"))
            await shop.advance()

        assert await shop.value("SELECT count(*) FROM run") == 2


@pytest.mark.parametrize("in_one_batch", [True, False])
@pytest.mark.parametrize(("cart", "kind", "sent"), [("c1", "shop", []), ("c2", "shop", ["cart"]), ("c2", "web", [])])
async def test_a_late_start_is_overtaken_by_key_and_condition(
    database_url: str, cart: str, kind: str, sent: list[str], in_one_batch: bool
) -> None:
    stopped = plan.Stop(match=plan.EventMatch(events=("order_placed",), where=IS_WEB), text="stop when …", line=1)
    facts = {"cart_abandoned": plan.EventFacts(key="cart_id", cancelled_by=("order_placed",))}
    async with open_shop(database_url, rule("cart", "cart_abandoned", stops=(stopped,)), events=facts) as shop:
        await order(shop, "1", days_ago=0, kind=kind, cart_id=cart)
        if not in_one_batch:
            await shop.advance()

        await shop.post(shop.event("1", "cart_abandoned", ago=timedelta(hours=2), cart_id="c1"))
        await shop.advance()

        assert await shop.templates_sent_to("u:1") == sent


async def test_counts_and_marks_and_sequences_move_with_a_merge(database_url: str) -> None:
    rules = (
        counted("hello", at_least=2),
        times("look", "product_viewed", 3),
        sequence("unpaid", "cart_updated", then("order_paid", negated=True)),
        sequence("paid", "cart_updated", then("order_paid")),
    )
    async with open_shop(database_url, *rules) as shop:
        await order(shop, "42")
        await shop.post(
            shop.anonymous("x", "order_placed", kind="web"),
            *(shop.anonymous("x", "product_viewed") for _ in range(4)),
            shop.event("42", "product_viewed"),
            shop.anonymous("x", "cart_updated"),
        )
        await shop.post(shop.event("42", "order_paid"))
        await shop.advance()
        await shop.post(shop.merge("x", "42"))
        await shop.advance()

        await shop.post(shop.event("42", "registered"), shop.event("42", "product_viewed"))
        await shop.advance()

        sent = await shop.templates_sent_to("u:42")
        assert sorted(sent) == ["hello", "look", "paid"]
        runs = await shop.fetch("SELECT rule, end_reason FROM run WHERE rule = 'unpaid'")
        assert [run["end_reason"] for run in runs] == ["sequence not completed: order_paid"]
        assert await shop.value("SELECT count(*) FROM run WHERE rule = 'look'") == 2  # three of both count together


async def test_a_stop_between_the_parts_wins_when_a_merge_tells_them(database_url: str) -> None:
    paid = sequence("paid", "cart_updated", then("order_placed"), then("order_paid"))
    async with open_shop(database_url, replace(paid, stops=(stop("cart_emptied"),))) as shop:
        await shop.post(shop.anonymous("x", "cart_updated"))
        await shop.post(shop.event("42", "order_placed"))
        await shop.post(shop.event("42", "cart_emptied"))
        await shop.post(shop.event("42", "order_paid"))
        await shop.advance()

        await shop.post(shop.merge("x", "42"))
        await shop.advance()

        assert await shop.templates_sent_to("u:42") == []
        assert (await shop.run_of("u:42"))["end_reason"] == "stop when cart_emptied"
