"""Push has two providers: one that is down, or refuses our account, does not hold up the other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from engine.channels import Contact, Handover, Rejected, Sent, TryLater, Verdict
from engine.channels.http_post import Answer, Post
from engine.channels.push import PushChannel, WaitingReach
from engine.channels.push_web import WebPush
from engine.channels.registry import Registry
from engine.core.identity import customer_id, partition_of
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.storage.database import Database
from tests.engine.delivery.outbox import PARTITIONS, SETTINGS, Outbox

BROWSER = {"p256dh": "BPk", "auth": "a"}
REFUSED = TryLater("Firebase: refused (401)", is_outage=True)
BOTH: dict[str, Any] = {"channels": {"push": {"provider": "push", "firebase_env": "F", "contact": "push@shop.example"}}}
TEMPLATES = {"push/cart.txt": "---\ntitle: Cart\n---\nStill there"}


@dataclass
class Reach:
    answer: Verdict
    given: list[str] = field(default_factory=list)

    async def send_to(self, contact: Contact, handover: Handover) -> Verdict:
        self.given.append(contact.address)
        return self.answer


@dataclass
class PushShop:
    outbox: Outbox
    devices: Reach
    browsers: Reach

    async def queue(self, count: int, *kinds: str, **values: Any) -> None:
        for number in range(count):
            key = f"u:{'+'.join(kinds)} {number} {values}"
            await self.outbox.customer(key)
            for kind in kinds:
                await self.outbox.change(
                    "INSERT INTO contact (partition, customer, channel, address, detail)"
                    " VALUES ($1, $2, 'push', $3, $4)",
                    partition_of(customer_id(key), PARTITIONS),
                    customer_id(key),
                    f"{kind} of {key}",
                    BROWSER if kind == "browser" else {},
                )
            await self.outbox.message(key, key=key, channel="push", **values)

    async def states(self) -> Counter[tuple[str, int]]:
        rows = await self.outbox.fetch("SELECT state, attempts FROM message")
        return Counter((row["state"], row["attempts"]) for row in rows)

    async def deliver(self) -> None:
        self.outbox.runtime.circuits.claimed_at = float("-inf")
        await deliver_messages(self.outbox.runtime, at_once=8)


@pytest.fixture
async def shop(database: Database) -> PushShop:
    outbox = Outbox(database)
    await outbox.publish(settings=SETTINGS | BOTH, templates=TEMPLATES)
    devices, browsers = Reach(REFUSED), Reach(Sent("id"))
    outbox.runtime.channels = {"push": PushChannel(devices, browsers)}
    return PushShop(outbox, devices, browsers)


async def test_a_refused_account_of_firebase_does_not_hold_up_browsers(shop: PushShop):
    await shop.queue(30, "device")
    await shop.deliver()
    asked = len(shop.devices.given)
    await shop.queue(20, "browser")

    await shop.deliver()

    assert 10 <= asked < 20
    assert await shop.states() == {("queued", 1): asked, ("queued", 0): 30 - asked, ("sent", 1): 20}
    assert [tuple(row) for row in await shop.outbox.fetch("SELECT channel, reason FROM circuit")] == [
        ("push firebase", "Firebase: refused (401)")
    ]


async def test_browsers_that_are_reached_do_not_say_that_firebase_is_back(shop: PushShop):
    await shop.queue(30, "device")
    await shop.deliver()
    asked = len(shop.devices.given)
    await shop.queue(5, "browser")

    await shop.deliver()
    await shop.outbox.change("UPDATE message SET due_at = now() WHERE state = 'queued'")
    await shop.deliver()

    assert len(shop.devices.given) == asked
    assert len(await shop.outbox.fetch("SELECT FROM circuit")) == 1


async def test_who_has_a_device_and_a_browser_is_reached_by_the_browser(shop: PushShop):
    await shop.queue(30, "device")
    await shop.deliver()
    await shop.queue(3, "device", "browser", transactional=True)

    await shop.deliver()

    assert (await shop.states())["sent", 1] == 3


async def test_a_dead_device_is_given_up_alone_and_explained_with_what_the_others_got(shop: PushShop):
    shop.devices.answer = Rejected("Firebase: UNREGISTERED", suppress=True)
    await shop.queue(1, "device", "browser")

    await shop.deliver()

    [row] = await shop.outbox.fetch("SELECT state, reason FROM message")
    assert (row["state"], row["reason"]) == ("sent", "1 of 2 devices gone")
    left = await shop.outbox.fetch("SELECT address FROM contact WHERE gone_at IS NULL")
    assert [each["address"][:7] for each in left] == ["browser"]


async def test_a_dead_device_is_not_asked_again_when_the_others_are(shop: PushShop):
    shop.devices.answer = Rejected("Firebase: UNREGISTERED", suppress=True)
    shop.browsers.answer = TryLater("busy")
    await shop.queue(1, "device", "browser")
    await shop.deliver()
    shop.browsers.answer = Sent("id")
    await shop.outbox.change("UPDATE message SET due_at = now()")

    await shop.deliver()

    assert (await shop.states())["sent", 2] == 1
    assert (len(shop.devices.given), len(shop.browsers.given)) == (1, 2)


async def test_one_message_finds_that_firebase_is_back(shop: PushShop):
    await shop.queue(30, "device")
    await shop.deliver()
    asked = len(shop.devices.given)
    await shop.outbox.change("UPDATE circuit SET probe_at = now()")
    await shop.outbox.change("UPDATE message SET due_at = now()")

    await shop.deliver()
    asked_on_trial = len(shop.devices.given) - asked
    shop.devices.answer = Sent("id")
    await shop.outbox.change("UPDATE circuit SET probe_at = now()")
    await shop.outbox.change("UPDATE message SET due_at = now()")
    await shop.deliver()
    await shop.outbox.change("UPDATE message SET due_at = now()")
    await shop.deliver()

    assert asked_on_trial == 1
    assert {state for state, _ in await shop.states()} == {"sent"}
    assert await shop.outbox.fetch("SELECT FROM circuit") == []


async def test_what_has_another_way_takes_it_while_firebase_is_down(shop: PushShop):
    await shop.queue(12, "device")
    await shop.deliver()
    await shop.queue(1, "device", limits={"ways": True}, run_state="sending")
    await shop.outbox.change("UPDATE message SET created_at = now() - interval '16 minutes' WHERE limits IS NOT NULL")

    await shop.deliver()

    [row] = await shop.outbox.fetch("SELECT state, reason FROM message WHERE limits IS NOT NULL")
    assert tuple(row) == ("failed", "not taken within 15 minutes: Firebase: refused (401)")


def test_without_its_variable_firebase_waits_alone():
    async def nobody(post: Post) -> Answer:
        raise AssertionError(post)

    registry = Registry(nobody, {}, lambda *_: None, is_real=True, link_key=b"k" * 32)  # type: ignore[arg-type]

    push = registry.find("push", BOTH)

    assert isinstance(push, PushChannel)
    assert isinstance(push.browsers, WebPush)
    assert push.devices == WaitingReach("the environment variable F is not set")


async def test_where_there_are_no_browsers_the_whole_lane_is_closed(database: Database):
    outbox = Outbox(database)
    await outbox.publish(
        settings=SETTINGS | {"channels": {"push": {"provider": "push", "firebase_env": "F"}}}, templates=TEMPLATES
    )
    shop = PushShop(outbox, Reach(REFUSED), Reach(Sent("id")))
    outbox.runtime.channels = {"push": PushChannel(shop.devices, None)}
    await shop.queue(30, "device")

    await shop.deliver()

    assert [row["channel"] for row in await outbox.fetch("SELECT channel FROM circuit")] == ["push"]
    assert (await shop.states())["queued", 0] > 10
