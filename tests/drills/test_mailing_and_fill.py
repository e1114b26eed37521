"""Workers are killed while they look at every customer after a publication, and while they send to all of them."""

from __future__ import annotations

import asyncio
from random import Random

from dsl import plan
from engine.embedded import EmbeddedServices
from tests.drills.stage import RULES, Workers
from tests.engine.flow.shop import Shop, send

SEED = 20261122
CUSTOMERS = 12_000
LONG_S = 90
GOLD = plan.Compare(plan.Attribute("tier", "text"), "is", plan.Constant("text", "gold"))
SEGMENTS = {"gold": plan.Segment(condition=GOLD, hash="1", file="vip.rules", line=1)}


def starts(name: str, trigger: plan.Trigger) -> plan.Rule:
    return plan.Rule(name=name, file=f"{name}.rules", line=1, trigger=trigger, steps=(send(name),))


DAILY = plan.ScheduleTrigger(time="00:00", weekdays=(1, 2, 3, 4, 5, 6, 7), audience=plan.InSegment("gold"))
WATCHING = (*RULES, starts("digest", DAILY), starts("hello", plan.SegmentTrigger(segment="gold", enters=True)))


async def killed_until(shop: Shop, workers: Workers, query: str, count: int) -> int:
    """Kills a worker whenever more is done, so in the midst of the next batch, and now and then beside that, until the
    query counts so many. How many were killed before that."""
    random, kills, seen = Random(SEED), 0, -1
    loop = asyncio.get_running_loop()
    at = loop.time()
    async with asyncio.timeout(LONG_S):
        while (found := await shop.value(query)) < count:
            if kills < 12 and (found > seen or loop.time() > at):
                workers.kill_one(random)
                kills, seen, at = kills + 1, found, loop.time() + random.uniform(0.1, 0.5)
            await asyncio.sleep(0.01)
    return kills


async def test_killed_workers_look_at_everybody_once_and_send_to_everybody_once(
    durable: EmbeddedServices, shop: Shop
) -> None:
    workers = Workers(durable.endpoints, "arq")
    try:
        tiers = ("gold", "silver")
        await shop.post(*(shop.identify(str(number), tier=tiers[number % 2]) for number in range(CUSTOMERS)))
        await killed_until(shop, workers, "SELECT count(*) FROM customer", CUSTOMERS)
        await shop.publish(*WATCHING, segments=SEGMENTS, attributes={"tier": "text"})
        looking = await killed_until(shop, workers, "SELECT count(*) FROM appointment", CUSTOMERS)
        started = await shop.value("SELECT count(*) FROM run")
        await shop.execute("UPDATE appointment SET at = now()")

        done = "SELECT count(*) FROM appointment WHERE at > now()"
        sending = await killed_until(shop, workers, done, CUSTOMERS)
    finally:
        workers.end()

    assert looking > 0
    assert sending > 2, "the drill did not bite"
    assert started == 0
    assert await shop.value("SELECT count(*) FROM membership WHERE is_in") == CUSTOMERS / 2
    assert await shop.value("SELECT count(*) FROM message WHERE template = 'digest'") == CUSTOMERS / 2
    assert await shop.value("SELECT count(DISTINCT customer) FROM message") == CUSTOMERS / 2
    assert await shop.value("SELECT count(*) FROM quarantine WHERE what <> 'message'") == 0
