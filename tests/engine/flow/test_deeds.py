"""Points and promo codes, decided in batches and kept in the database."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from dsl import plan
from engine.core.effects import PointsEntry
from engine.flow.advancing.advance_partition import advance_partition
from engine.flow.advancing.batch import read_batch
from engine.flow.advancing.batch_sizes import Limits
from engine.flow.advancing.deciding import add_short, decide
from engine.flow.advancing.writing import write_decisions
from engine.flow.publishing.publish_rules import publish
from engine.flow.upkeep.watch_pools import PoolWatch
from engine.storage.customers.points import add_points
from engine.storage.runs.promo_codes import add_codes, free_codes, pool_sizes
from tests.engine.flow.shop import HOUR, Shop, known, open_shop, rule, send

EARN = plan.Points(amount=60, add=True, line=2)
ISSUE = plan.IssuePromo(pool="BACK10", valid=plan.Length(7, "day"), line=2)
IF_ISSUED = plan.JumpUnless(condition=plan.Issued(), at=3, line=3)
CODES = (ISSUE, IF_ISSUED, send("code"), plan.Exit(line=4))


async def fill(shop: Shop, *codes: str, pool: str = "BACK10") -> int:
    async with shop.runtime.database.transaction() as connection:
        return await add_codes(connection, pool, [(code, None) for code in codes])


# points


async def test_points_of_several_runs_of_one_batch_add_up_in_ledger_and_balance(database_url: str) -> None:
    rich = plan.Guard(
        word="only if",
        condition=plan.Compare(plan.Attribute("points", "number"), ">=", plan.Constant("number", 100)),
        text="only if customer.points >= 100",
        line=1,
    )
    rules = (
        rule("earn", "order_placed", EARN, plan.Emit(event="earned", line=3), repeated="parallel"),
        rule("thanks", "earned", guards=(rich,)),
    )
    async with open_shop(database_url, *rules) as shop:
        await shop.post(*(shop.event("7", "order_placed") for _ in range(2)))

        await shop.advance()

        assert await shop.value("SELECT points FROM customer") == 120
        assert await shop.fetch("SELECT amount, rule FROM points_entry") == [(60, "earn"), (60, "earn")]
        assert await shop.templates_sent_to("u:7") == ["thanks"]


async def test_a_balance_stays_when_the_customer_changes_otherwise(database_url: str) -> None:
    async with open_shop(database_url, rule("earn", "order_placed", EARN)) as shop:
        await shop.post(shop.event("7", "order_placed"))
        await shop.advance()

        await shop.post(shop.identify("7", city="Berlin", points=5))
        await shop.advance()

        assert await shop.fetch("SELECT points, attributes FROM customer") == [(60, {"city": "Berlin"})]


async def test_the_same_entry_changes_the_balance_once(database_url: str) -> None:
    async with open_shop(database_url, rule("earn", "order_placed", EARN)) as shop:
        await shop.post(shop.event("7", "order_placed"))
        await shop.advance()
        [row] = await shop.fetch("SELECT id, run, rule, amount, at FROM points_entry")
        entry = PointsEntry(id=row["id"], run=row["run"], rule=row["rule"], amount=row["amount"], at=row["at"])

        async with shop.runtime.database.transaction() as connection:
            await add_points(connection, [(shop.partition("u:7"), known("7"), entry)])

        assert await shop.fetch("SELECT points, (SELECT sum(amount) FROM points_entry)::int FROM customer") == [
            (60, 60)
        ]


async def test_a_merge_adds_the_points_up_and_takes_the_codes_along(database_url: str) -> None:
    async with open_shop(database_url, rule("earn", "order_placed", EARN, *CODES)) as shop:
        await fill(shop, "A1", "A2")
        await shop.post(shop.anonymous("x", "order_placed"), shop.event("7", "order_placed"))
        await shop.advance()

        await shop.post(shop.merge("x", "7"))
        await shop.advance()

        points = await shop.fetch("SELECT key, points FROM customer ORDER BY key")
        assert points == [("a:x", 0), ("u:7", 120)]
        owners = await shop.fetch("SELECT DISTINCT partition, customer FROM promo_code")
        assert owners == [(shop.partition("u:7"), known("7"))]
        assert await shop.fetch("SELECT DISTINCT partition, customer FROM points_entry") == owners


# promo codes


async def test_a_code_is_issued_in_the_steps_transaction_and_the_message_carries_it(database_url: str) -> None:
    async with open_shop(database_url, rule("back", "registered", *CODES)) as shop:
        await fill(shop, "A1", "A2")
        await shop.post(shop.event("7", "registered"))

        await shop.advance()

        [row] = await shop.fetch("SELECT * FROM promo_code WHERE customer IS NOT NULL")
        [context] = [each["context"] for each in await shop.fetch("SELECT context FROM message")]
        assert (row["code"], row["customer"], row["rule"], row["step"]) == ("A1", known("7"), "back", 0)
        assert context["promo"] == {"code": "A1", "expires": row["expires_at"].isoformat()}


async def test_a_dry_pool_takes_the_other_way(database_url: str) -> None:
    steps = (
        ISSUE,
        plan.JumpUnless(condition=plan.Issued(), at=4, line=3),
        send("code"),
        plan.Jump(at=5),
        send("sorry"),
    )
    async with open_shop(database_url, rule("back", "registered", *steps)) as shop:
        await shop.post(shop.event("7", "registered"))

        await shop.advance()

        assert await shop.templates_sent_to("u:7") == ["sorry"]


async def test_one_customer_may_get_codes_of_several_pools_in_one_batch(database_url: str) -> None:
    other = replace(ISSUE, pool="GIFT")
    async with open_shop(database_url, rule("back", "registered", ISSUE, other, ISSUE, send("code"))) as shop:
        await fill(shop, "A1", "A2")
        await fill(shop, "G1", pool="GIFT")
        await shop.post(shop.event("7", "registered"))

        await shop.advance()

        issued = await shop.fetch("SELECT code, step FROM promo_code ORDER BY step")
        assert issued == [("A1", 0), ("G1", 1), ("A2", 2)]


async def test_a_batch_that_is_rolled_back_gives_its_codes_back_and_its_replay_gives_each_once(
    database_url: str,
) -> None:
    async with open_shop(database_url, rule("back", "registered", *CODES)) as shop:
        await fill(shop, "A1", "A2", "A3")
        await shop.post(shop.event("7", "registered"))

        with pytest.raises(ConnectionError):
            async with shop.runtime.database.transaction() as connection:
                batch = await read_batch(connection, shop.runtime, [shop.partition("u:7")], Limits())
                assert batch is not None
                decisions = decide(batch, shop.runtime.programs.by_id)
                await add_short(connection, batch, decisions)
                await write_decisions(connection, decisions)
                raise ConnectionError("killed before the commit")
        await shop.advance()
        await shop.advance()

        assert await shop.fetch("SELECT code, customer FROM promo_code WHERE customer IS NOT NULL") == [
            ("A1", known("7"))
        ]


async def test_a_run_that_begins_anew_keeps_its_code(database_url: str) -> None:
    steps = (ISSUE, plan.Wait(length=HOUR, line=3), send("code"))
    async with open_shop(database_url, rule("back", "cart_abandoned", *steps)) as shop:
        await fill(shop, "A1", "A2")
        await shop.post(shop.event("7", "cart_abandoned"))
        await shop.advance()
        first = await shop.value("SELECT expires_at FROM promo_code WHERE code = 'A1'")

        await shop.post(shop.event("7", "cart_abandoned"))
        await shop.advance()

        [row] = await shop.fetch("SELECT code, expires_at FROM promo_code WHERE customer IS NOT NULL")
        assert row["code"] == "A1"
        assert row["expires_at"] > first


async def test_only_the_first_customers_of_a_batch_get_a_code(database_url: str) -> None:
    first = rule("back", "registered", *CODES, first_customers=3)
    async with open_shop(database_url, first, partitions=1) as shop:
        await fill(shop, *(f"C{number}" for number in range(10)))
        await shop.post(*(shop.event(str(number), "registered") for number in range(8)))

        await shop.advance()

        carried = await shop.fetch("SELECT context->'promo'->>'code' AS code FROM message ORDER BY code")
        assert [row["code"] for row in carried] == ["C0", "C1", "C2"]


async def test_two_runs_of_a_merged_customer_get_two_codes(database_url: str) -> None:
    steps = (
        plan.WaitFor(match=plan.EventMatch(events=("paid",)), up_to=plan.Length(5, "day"), line=2),
        ISSUE,
        send("code"),
    )
    rules = (rule("one", "registered", *steps), rule("two", "registered", *steps))
    async with open_shop(database_url, *rules) as shop:
        await fill(shop, "A1", "A2")
        await shop.post(shop.event("7", "registered"))
        await shop.advance()
        await shop.post(shop.anonymous("x", "paid"))
        await shop.advance()

        await shop.post(shop.merge("x", "7"))
        await shop.advance()

        carried = await shop.fetch("SELECT context->'promo'->>'code' AS code FROM message ORDER BY code")
        assert [row["code"] for row in carried] == ["A1", "A2"]


async def test_eight_writers_never_give_two_people_one_code(database_url: str) -> None:
    async with open_shop(database_url, rule("back", "registered", *CODES), partitions=8) as shop:
        people = [str(number) for number in range(400)]
        await fill(shop, *(f"C{number}" for number in range(300)))
        await shop.post(*(shop.event(user, "registered") for user in people))

        await asyncio.gather(*(_until_done(shop, partition) for partition in range(8)))

        issued = await shop.fetch("SELECT code, customer FROM promo_code WHERE customer IS NOT NULL")
        carried = await shop.fetch("SELECT context->'promo'->>'code' AS code, customer FROM message")
        assert len({row["customer"] for row in issued}) == len(issued) == 300
        assert {tuple(row) for row in issued} == {tuple(row) for row in carried}


async def _until_done(shop: Shop, partition: int) -> None:
    while await advance_partition(shop.runtime, partition):
        pass


async def test_codes_that_exist_in_any_pool_or_case_are_not_added_again(database_url: str) -> None:
    async with open_shop(database_url) as shop:
        added = [await fill(shop, "Ab1", "Ab2"), await fill(shop, "AB1", "x", pool="GIFT")]

        async with shop.runtime.database.connection() as connection:
            sizes = {each.pool: each.free for each in await pool_sizes(connection)}
            counted = await free_codes(connection, {"BACK10": 1, "GIFT": 100, "NONE": 5})

        assert added == [2, 1]
        assert sizes == {"BACK10": 2, "GIFT": 1}
        assert counted == {"BACK10": 1, "GIFT": 1, "NONE": 0}


async def test_a_code_past_its_own_end_is_not_issued(database_url: str) -> None:
    async with open_shop(database_url, rule("back", "registered", *CODES)) as shop:
        await fill(shop, "OLD", "NEW")
        await shop.execute("UPDATE promo_code SET until = now() - interval '1 minute' WHERE code = 'OLD'")
        await shop.execute("UPDATE promo_code SET until = now() + interval '1 minute' WHERE code = 'NEW'")
        await shop.post(shop.event("7", "registered"))

        await shop.advance()

        [row] = await shop.fetch("SELECT code, expires_at = until AS ends FROM promo_code WHERE customer IS NOT NULL")
        assert tuple(row) == ("NEW", True)


def gives(*pools: str) -> plan.Plan:
    steps = tuple(plan.IssuePromo(pool=pool, line=2) for pool in pools)
    return plan.Plan(rules=(rule("back", "registered", *steps),))


async def test_the_operator_is_told_once_when_a_pool_that_a_rule_uses_runs_low_dry_and_is_filled(
    database_url: str,
) -> None:
    async with open_shop(database_url) as shop:
        promos: dict[str, plan.JSON] = {"BACK10": {"low": 2}, "GIFT": {"low": 1}, "NEW": {"low": 2}, "OLD": {"low": 2}}
        used = gives("BACK10", "GIFT", "NEW")
        await publish(shop.runtime.database, used, templates={}, settings={"promos": promos})
        await fill(shop, "A1")
        await fill(shop, "G1", pool="GIFT")
        watch = PoolWatch()

        with capture_logs() as logs:
            low = [await watch.look(shop.runtime), await watch.look(shop.runtime)]
            await fill(shop, "N1", pool="NEW")
            await watch.look(shop.runtime)
            await fill(shop, "N2", "N3", pool="NEW")
            await watch.look(shop.runtime)

        assert low == [{"BACK10": 1, "NEW": 0}] * 2
        assert [(each["event"], each["pool"]) for each in logs] == [
            ("promo_pool_low", "BACK10"),
            ("promo_pool_dry", "NEW"),
            ("promo_pool_low", "NEW"),
            ("promo_pool_filled", "NEW"),
        ]


# calls


async def test_a_call_is_a_message_that_no_run_hears_of_and_no_stop_takes_back(database_url: str) -> None:
    call = plan.Call(target="crm_sync", properties=(("id", plan.Attribute("id", "text")),), line=2)
    stop = plan.Stop(match=plan.EventMatch(events=("order_placed",)), text="stop when order_placed", line=1)
    async with open_shop(
        database_url, rule("sync", "registered", call, send("hello"), plan.Wait(length=HOUR, line=3), stops=(stop,))
    ) as shop:
        await shop.post(shop.event("7", "registered"))
        await shop.advance()

        await shop.post(shop.event("7", "order_placed"))
        await shop.advance()

        messages = await shop.fetch(
            "SELECT channel, template, state, context->'with' AS given FROM message ORDER BY channel"
        )
        assert [tuple(each) for each in messages] == [
            ("email", "hello", "suppressed", {}),
            ("webhook", "crm_sync", "queued", {"id": "7"}),
        ]
