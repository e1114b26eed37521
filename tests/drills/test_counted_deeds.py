"""What counts and what is scarce, under kill -9: points, promo codes of a pool that runs dry, and every third event."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from random import Random

import pytest

from dsl import plan
from engine.embedded import EmbeddedServices
from engine.storage.runs.promo_codes import add_codes
from engine.waker import ArqWaker
from tests.drills.stage import Workers
from tests.engine.flow.shop import Shop, open_shop, rule, send

SEED = 20261122
LONG_S = 60
CUSTOMERS, CODES, KILLS = 600, 500, 20

EARN = rule("earn", "order_placed", plan.Points(amount=10, add=True, line=2), repeated="parallel")
CODE = rule(
    "code",
    "registered",
    plan.IssuePromo(pool="BACK10", line=2),
    plan.JumpUnless(condition=plan.Issued(), at=4, line=3),
    send("code"),
    plan.Exit(line=5),
    send("sorry"),
)
THIRD = plan.Rule(
    name="third",
    file="third.rules",
    line=1,
    trigger=plan.TimesTrigger(match=plan.EventMatch(events=("order_placed",)), times=3, within=plan.Length(7, "day")),
    steps=(plan.Points(amount=1000, add=True, line=2),),
    repeated="parallel",
)


@pytest.fixture
async def counting(empty: EmbeddedServices) -> AsyncIterator[Shop]:
    async with open_shop(empty.endpoints.database_url, EARN, CODE, THIRD) as shop:
        async with shop.runtime.database.transaction() as connection:
            await add_codes(connection, "BACK10", [(f"B{number}", None) for number in range(CODES)])
        yield shop


async def test_points_codes_and_counts_are_exact_whatever_is_killed(durable: EmbeddedServices, counting: Shop) -> None:
    random = Random(SEED)
    orders = {f"{number}": random.randint(0, 7) for number in range(CUSTOMERS)}
    names = [(user, "registered") for user in orders]
    names += [(user, "order_placed") for user, count in orders.items() for _ in range(count)]
    random.shuffle(names)
    told = [counting.event(user, name) for user, name in names]
    waker = ArqWaker(durable.endpoints.redis_url)
    workers = Workers(durable.endpoints, "arq")
    at_once = len(told) // KILLS + 1
    try:
        for start in range(0, len(told), at_once):
            events = told[start : start + at_once]
            await counting.post(*events)
            await waker.wake({event.partition for event in events})
            await asyncio.sleep(random.uniform(0.0, 0.3))
            workers.kill_one(random)
        await until(counting, "SELECT count(*) FROM message", CUSTOMERS)
        earned = sum(count + count // 3 for count in orders.values())
        await until(counting, "SELECT count(*) FROM points_entry", earned)
    finally:
        workers.end()
        await waker.close()

    balances = await counting.fetch("SELECT substr(key, 3) AS user, points FROM customer")
    assert {row["user"]: row["points"] for row in balances} == {
        user: 10 * count + 1000 * (count // 3) for user, count in orders.items()
    }
    assert await counting.value("SELECT count(*) FROM points_entry") == earned
    owned = await counting.fetch("SELECT count(*), count(DISTINCT customer) FROM promo_code WHERE customer IS NOT NULL")
    assert owned == [(CODES, CODES)]
    sent = await counting.fetch("SELECT template, context -> 'promo' ->> 'code' AS code FROM message")
    assert Counter(row["template"] for row in sent) == {"code": CODES, "sorry": CUSTOMERS - CODES}
    assert len({row["code"] for row in sent if row["template"] == "code"}) == CODES


async def until(shop: Shop, query: str, count: int) -> None:
    async with asyncio.timeout(LONG_S):
        while await shop.value(query) < count:
            await asyncio.sleep(0.1)
