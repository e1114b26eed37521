"""People inside of a changed rule: they finish on their version, unless the plan of the publication says else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dsl import plan
from engine.core.runs.moving import Fate
from engine.errors import PlanIsStale
from engine.flow.publishing.move_runs import Moved, move_runs
from engine.flow.publishing.publish_rules import publish
from tests.engine.flow.shop import Shop, open_shop, rule, send

DAY = plan.Length(1, "day")
WAIT = plan.Wait(length=DAY, line=1)


def tag(name: str) -> plan.Step:
    return plan.SetTag(tag=name, add=True, line=1)


OLD = rule("cart", "cart_left", tag("seen"), WAIT, send("old"))
NEW = rule("cart", "cart_left", tag("seen"), WAIT, send("new"))


async def waiting_in_old(shop: Shop, *users: str) -> None:
    await shop.post(*(shop.event(user, "cart_left") for user in users))
    await shop.advance()


async def republished(shop: Shop, new: plan.Rule, fate: Fate) -> Moved:
    rule_set = await shop.publish(new)
    return await move_runs(shop.runtime, rule_set, {"cart": fate})


async def test_a_run_that_moves_goes_on_behind_the_same_step_of_the_new_version(database_url: str) -> None:
    async with open_shop(database_url, OLD) as shop:
        await waiting_in_old(shop, "1")

        told = await republished(shop, NEW, "move")
        await shop.let_time_pass(timedelta(days=1, minutes=1))
        await shop.advance()

        assert told == Moved(moved=1)
        assert await shop.templates_sent_to("u:1") == ["new"]


async def test_a_run_whose_step_is_no_more_finishes_on_its_version(database_url: str) -> None:
    other = rule("cart", "cart_left", tag("seen"), plan.Wait(length=plan.Length(2, "day"), line=1), send("new"))
    async with open_shop(database_url, OLD) as shop:
        await waiting_in_old(shop, "1")

        told = await republished(shop, other, "move")
        await shop.let_time_pass(timedelta(days=1, minutes=1))
        await shop.advance()

        assert told == Moved(stayed=1)
        assert await shop.templates_sent_to("u:1") == ["old"]


async def test_a_run_that_begins_anew_says_what_the_new_version_says(database_url: str) -> None:
    async with open_shop(database_url, OLD) as shop:
        await waiting_in_old(shop, "1")

        told = await republished(shop, rule("cart", "cart_left", send("at once")), "restart")
        await shop.advance()

        assert told == Moved(restarted=1)
        assert await shop.templates_sent_to("u:1") == ["at once"]


async def test_a_cancelled_run_says_nothing_more_and_tells_why(database_url: str) -> None:
    async with open_shop(database_url, OLD) as shop:
        await waiting_in_old(shop, "1", "2", "3")

        told = await republished(shop, NEW, "cancel")
        await shop.let_time_pass(timedelta(days=2))
        await shop.advance()

        assert told == Moved(cancelled=3)
        assert await shop.templates_sent_to("u:1") == []
        assert (await shop.run_of("u:2"))["end_reason"] == "cancelled by a publication"


async def test_a_message_in_the_queue_is_taken_back_with_its_cancelled_run(database_url: str) -> None:
    async with open_shop(database_url, rule("cart", "cart_left", send("first"), WAIT, send("second"))) as shop:
        await waiting_in_old(shop, "1")

        await republished(shop, NEW, "cancel")

        assert [row["state"] for row in await shop.fetch("SELECT state FROM message")] == ["suppressed"]


async def test_carrying_it_out_again_changes_nothing_more(database_url: str) -> None:
    async with open_shop(database_url, OLD) as shop:
        await waiting_in_old(shop, "1")
        rule_set = await shop.publish(NEW)
        await move_runs(shop.runtime, rule_set, {"cart": "restart"})

        again = await move_runs(shop.runtime, rule_set, {"cart": "restart"})

        assert again == Moved()


async def test_a_publication_over_something_else_than_was_planned_is_refused(database_url: str) -> None:
    async with open_shop(database_url, OLD) as shop:
        with pytest.raises(PlanIsStale):
            await publish(
                shop.runtime.database, plan.Plan(rules=(NEW,)), templates={}, settings={}, only_over="another"
            )

        assert await shop.value("SELECT count(*) FROM publication") == 1
