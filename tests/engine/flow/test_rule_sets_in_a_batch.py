"""Runs are pinned to the rule set they began with, however many those are and whoever wrote them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dsl import plan
from engine import runtime as runtime_module
from engine.errors import RuleSetUnreadable
from engine.flow.advance_partition import advance_partition
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
