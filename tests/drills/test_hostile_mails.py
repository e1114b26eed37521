"""Drill 19: mails of hostile templates among a hundred others a second. The others go out as soon as before."""

from __future__ import annotations

import asyncio
from random import Random

from pydantic import SecretStr

from api.drill.sink import Sink
from dsl import plan
from engine.config import Settings
from engine.embedded import EmbeddedServices
from engine.flow.publishing.publish_rules import publish
from engine.waker import ArqWaker
from tests.drills import armed
from tests.drills.sizes import sized
from tests.drills.stage import Record
from tests.engine.flow.shop import Shop, rule
from tests.rendering.test_hostile_templates import HOSTILE

SEED = 20261123
LONG_S = 60
SECONDS = sized(4, 30)
A_TURN, TURN_S = 10, 0.1  # mails, which makes a hundred a second
#: How much later others may go out than without hostile ones, 2 by the design; and what says nothing of any ratio.
LATER, SOON_ENOUGH_S = sized((5, 3.0), (3, 1.0))
HEAVY = tuple(
    name for name in HOSTILE if name.startswith(("nested", "doubling", "wide", "long", "sort", "macro", "lists"))
)

#: Seconds from the moment at which a mail was made until it was taken, at the 99th percentile.
WAITED_S = """
    SELECT percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM settled_at - created_at))::float8
    FROM message WHERE template = 'good' AND state = 'sent' AND created_at > $1
"""
LEFT = """
    SELECT (SELECT count(*) FROM message WHERE template = 'good' AND state <> 'sent')
         + (SELECT count(*) FROM event e JOIN partition_cursor c USING (partition)
            WHERE (e.xid, e.seq) > (c.xid, c.seq))
"""


async def tell(shop: Shop, waker: ArqWaker, first: int, *, hostile: list[str]) -> float:
    """Mails of SECONDS, and between them those of hostile templates. How long the others waited."""
    began = await shop.value("SELECT clock_timestamp()")
    turns = int(SECONDS / TURN_S)
    for turn in range(turns):
        users = [f"{first + A_TURN * turn + number}" for number in range(A_TURN)]
        events = [shop.identify(user, email=f"c{user}@example.com") for user in users]
        events += [shop.event(user, "good") for user in users]
        events += [shop.event(users[0], name) for name in hostile[turn * len(hostile) // turns :][: turn % 2]]
        await shop.post(*events)
        await waker.wake({event.partition for event in events})
        await asyncio.sleep(TURN_S)
    async with asyncio.timeout(LONG_S):
        while await shop.value(LEFT):
            await asyncio.sleep(0.05)
    return float(await shop.value(WAITED_S, began))


async def test_hostile_templates_hold_up_no_other_mail(
    durable: EmbeddedServices, shop: Shop, record_property: Record
) -> None:
    names = [f"bad{number}" for number in range(len(HEAVY))]
    templates = {f"email/{name}.html": HOSTILE[each] for name, each in zip(names, HEAVY, strict=True)}
    rules = tuple(rule(name, name) for name in ("good", *names))
    good = {"email/good.html": "---\nsubject: Good\n---\n<p>Hello {{ customer.email }}</p>"}
    settings = {"mail": {"from": "Drill <drill@example.com>"}}
    await publish(shop.runtime.database, plan.Plan(rules=rules), templates=templates | good, settings=settings)
    waker = ArqWaker(durable.endpoints.redis_url)
    with Sink() as sink:
        worker = armed.worker(
            Settings(
                database_url=SecretStr(durable.endpoints.database_url),
                redis_url=SecretStr(durable.endpoints.redis_url),
                smtp_url=SecretStr(sink.url),
                partitions=8,
            )
        )
        try:
            await tell(shop, waker, 0, hostile=[])  # everything is loaded and compiled
            quiet_s = await tell(shop, waker, 100_000, hostile=[])
            busy_s = await tell(shop, waker, 200_000, hostile=Random(SEED).sample(names, len(names)))
        finally:
            worker.kill()
            worker.join()
            await waker.close()

    tried = await shop.value("SELECT count(*) FROM message WHERE template LIKE 'bad%' AND attempts > 0")
    record_property("hostile", tried)
    record_property("ms of others", round(busy_s * 1000))
    record_property("ms before", round(quiet_s * 1000))
    assert tried > 0, "no hostile template was rendered: the drill did not bite"
    assert await shop.value("SELECT count(*) FROM message WHERE template LIKE 'bad%' AND state = 'sent'") == 0
    assert busy_s < max(LATER * quiet_s, SOON_ENOUGH_S)
