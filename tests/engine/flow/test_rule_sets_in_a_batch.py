"""Runs are pinned to the rule set they began with, however many those are and whoever wrote them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dsl import plan
from engine import runtime as runtime_module
from engine.errors import RuleSetUnreadable
from engine.flow.advancing.advance_partition import advance_partition
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.runtime import Programs
from tests.engine.flow.shop import open_shop, rule


async def test_one_batch_may_need_more_rule_sets_than_a_worker_keeps(database_url: str) -> None:
    many = runtime_module._PROGRAMS_KEPT + 6
    async with open_shop(database_url, partitions=1) as shop:
        for number in range(many):
            await shop.publish(rule("cart", f"cart_{number}", delay=plan.Length(1 + number, "minute")))
            await shop.post(shop.event(f"{number}", f"cart_{number}"))
            await shop.advance()
        await shop.let_time_pass(timedelta(hours=2))
        shop.runtime.programs = Programs()  # a worker that has just begun

        await shop.advance()

        assert await shop.value("SELECT count(*) FROM message") == many
        assert await shop.value("SELECT count(*) FROM quarantine") == 0


async def test_an_older_worker_leaves_a_newer_rule_set_to_workers_that_can_read_it(database_url: str) -> None:
    async with open_shop(database_url, rule("welcome", "registered"), partitions=1) as shop:
        await shop.post(shop.event("1", "registered"))
        await shop.execute("UPDATE rule_set SET plan = jsonb_set(plan, '{format}', '999')")
        with pytest.raises(RuleSetUnreadable, match="upgrade this worker"):
            await advance_partition(shop.runtime, 0)
        assert await shop.value("SELECT count(*) FROM quarantine") == 0
        await shop.execute("UPDATE rule_set SET plan = jsonb_set(plan, '{format}', $1)", plan.FORMAT)

        await shop.advance()

        assert await shop.templates_sent_to("u:1") == ["welcome"]


async def test_an_older_worker_sends_nothing_under_limits_that_it_may_not_know(database_url: str) -> None:
    async with open_shop(database_url, rule("welcome", "registered"), partitions=1) as shop:
        await shop.post(shop.event("1", "registered"))
        await shop.advance()
        await shop.execute("UPDATE rule_set SET plan = jsonb_set(plan, '{format}', '999')")

        with pytest.raises(RuleSetUnreadable, match="upgrade this worker"):
            await deliver_messages(shop.runtime)

        assert await shop.fetch("SELECT state, attempts FROM message") == [("queued", 0)]


async def test_a_damaged_rule_set_of_old_runs_does_not_hold_up_their_partition(database_url: str) -> None:
    async with open_shop(database_url, rule("old", "started", delay=plan.Length(1, "hour")), partitions=1) as shop:
        await shop.post(shop.event("1", "started"), shop.event("2", "started"))
        await shop.advance()
        await shop.publish(rule("new", "registered"))
        await shop.execute(
            "UPDATE rule_set SET plan = jsonb_set(plan, '{rules,0,steps,0}', $1) WHERE plan::text LIKE '%old%'",
            {"$": "Send"},
        )
        shop.runtime.programs = Programs()
        await shop.let_time_pass(timedelta(hours=2))
        await shop.post(shop.event("3", "registered"), shop.event("1", "registered"))

        await shop.advance()

        assert await shop.templates_sent_to("u:3") == ["new"]
        assert await shop.templates_sent_to("u:1") == ["new"]
        ended = await shop.fetch("SELECT state, end_reason FROM run WHERE rule = 'old'")
        assert [tuple(row) for row in ended] == [("ended", "failed")] * 2
        reasons = await shop.fetch("SELECT what, reason FROM quarantine")
        assert len(reasons) == 2
        assert all("is damaged" in row["reason"] for row in reasons)
