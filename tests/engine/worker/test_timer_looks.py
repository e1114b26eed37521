"""Timers that fall due one after another come together; a single one is found by whatever happens first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from dsl import plan
from engine.worker.lanes import AdvanceLane
from engine.worker.timer_looks import TOGETHER_S, TimerLooks
from tests.engine.flow.shop import Shop, open_shop, rule

LONG_S = 60.0


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    async with open_shop(database_url) as shop:
        await shop.publish(rule("later", "registered", delay=plan.Length(1, "hour")))
        yield shop


async def _waiting(shop: Shop, *, customers: int) -> None:
    """A run each, that is due, and nothing else to do."""
    await shop.post(*(shop.event(f"u{number}", "registered") for number in range(customers)))
    await shop.advance()
    await shop.let_time_pass(timedelta(hours=2))


async def _ended(shop: Shop) -> int:
    return int(await shop.value("SELECT count(*) FROM run WHERE state = 'ended'"))


async def test_on_a_quiet_system_whatever_wakes_a_lane_finds_what_is_due(shop: Shop) -> None:
    lane = AdvanceLane(shop.runtime)
    await _waiting(shop, customers=3)

    async with asyncio.timeout(LONG_S):
        await lane.advance(range(8))
    ended = await _ended(shop)
    await lane.close()

    assert ended == 3


async def test_right_after_a_look_a_wake_up_leaves_timers_alone_and_the_sweep_does_not(shop: Shop) -> None:
    looks = TimerLooks()
    looks.begin((), asyncio.get_running_loop().time() + LONG_S)
    lane = AdvanceLane(shop.runtime, looks=looks)
    await _waiting(shop, customers=3)

    async with asyncio.timeout(LONG_S):
        await lane.advance(range(8))
        woken = await _ended(shop)
        lane.wake(range(8), timers=True)
        await lane.advance(range(8))
        swept = await _ended(shop)
        await lane.close()

    assert (woken, swept) == (0, 3)


async def test_who_found_many_timers_comes_again_by_itself(shop: Shop) -> None:
    lane = AdvanceLane(shop.runtime)
    await _waiting(shop, customers=40)
    await shop.execute("UPDATE run SET wake_at = 'infinity' WHERE id = (SELECT min(id::text)::uuid FROM run)")

    async with asyncio.timeout(LONG_S):
        await lane.advance(range(8))
        at_once = await _ended(shop)
        await shop.execute("UPDATE run SET wake_at = now() WHERE wake_at IS NOT NULL")
        while await _ended(shop) < 40:
            await asyncio.sleep(0.02)
        await lane.close()

    assert at_once == 39


def test_between_two_looks_timers_come_together() -> None:
    looks = TimerLooks()

    taken = [looks.begin({partition}, now)[1] for partition, now in enumerate((0.0, 0.1, TOGETHER_S + 0.1, 0.7))]

    assert taken == [True, False, True, False]


def test_a_look_takes_in_the_partitions_that_were_passed_over() -> None:
    looks = TimerLooks()
    looks.begin({1}, 0.0)
    looks.begin({2}, 0.1)
    looks.begin({3}, 0.2)

    second = looks.begin({4}, TOGETHER_S)
    third = looks.begin({5}, 2 * TOGETHER_S)

    assert second == (frozenset({2, 3, 4}), True)
    assert third == (frozenset({5}), True)


def test_what_is_known_to_be_due_does_not_wait() -> None:
    looks = TimerLooks()
    looks.begin({1}, 0.0)

    looks.want()

    assert looks.begin({1}, 0.01) == (frozenset({1}), True)
    assert looks.begin({1}, 0.02) == (frozenset({1}), False)


def test_what_a_look_has_left_is_read_by_the_next_batch() -> None:
    looks = TimerLooks()
    looks.begin({1}, 0.0)

    looks.found(1000, more=True)

    assert looks.begin({1}, 0.01) == (frozenset({1}), True)


@pytest.mark.parametrize(("timers", "again"), [(0, False), (1, False), (300, True)])
def test_only_many_timers_are_worth_another_look_before_the_sweep(timers: int, again: bool) -> None:
    assert TimerLooks().found(timers, more=False) == again
