"""Limits, breaker and dead domains at the claim: what must wait keeps its attempts, and others go on."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from structlog.testing import capture_logs

from engine.channels import Handover, Rejected, Sent, TryLater, Verdict
from engine.domains import FIRST_WINDOW
from engine.flow.delivery.claiming import claim_messages
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.flow.delivery.judging import Room
from engine.flow.upkeep.sweep import find_waiting
from engine.storage.database import Database
from tests.engine.delivery.outbox import SETTINGS, Outbox, ScriptedChannel

ROOM = Room(total=64, marketing=64)
DOWN = TryLater("mail.example cannot be reached", is_outage=True)


async def open_outbox(database: Database, provider: Mapping[str, Any] | None = None) -> Outbox:
    outbox = Outbox(database)
    await outbox.publish(settings=SETTINGS | ({"providers": {"email": dict(provider)}} if provider else {}))
    return outbox


async def queue(outbox: Outbox, count: int, *, domain: str = "shop.example", **values: Any) -> None:
    for number in range(count):
        key = f"u:{number}@{domain}"
        await outbox.customer(key, email=f"{number}@{domain}")
        await outbox.message(f"{key} {values}", key=key, **values)


async def states(outbox: Outbox) -> Counter[tuple[str, int]]:
    rows = await outbox.fetch("SELECT state, attempts FROM message")
    return Counter((row["state"], row["attempts"]) for row in rows)


async def test_workers_share_a_rate(database: Database):
    outbox = await open_outbox(database, {"limit": [[2, "minute"]]})
    other = Outbox(database)
    await queue(outbox, 20)

    claims = await asyncio.gather(*(claim_messages(each.runtime, room=ROOM) for each in (outbox, other, outbox, other)))

    assert sum(len(claim.claimed) for claim in claims) == 1
    assert await states(outbox) == {("sending", 1): 1, ("queued", 0): 19}


async def test_a_rate_is_used_up_and_the_messages_go_out_one_after_the_other(database: Database):
    outbox = await open_outbox(database, {"limit": [[40, "second"]]})
    await queue(outbox, 30)

    claim = await claim_messages(outbox.runtime, room=ROOM)

    waits = sorted(claimed.wait_s for claimed in claim.claimed)
    assert len(waits) == 21  # half a second, and the first
    assert all(later - earlier > 0.0249 for earlier, later in pairwise(waits))
    assert claim.opens_in_s is not None
    assert claim.opens_in_s < 1


async def test_a_day_that_is_used_up_keeps_the_rest_for_the_next_without_an_attempt(database: Database):
    outbox = await open_outbox(database, {"limit": [[20, "day"]]})
    await queue(outbox, 30)
    await queue(outbox, 3, transactional=True)

    await deliver_messages(outbox.runtime)
    on_the_day = await states(outbox)
    await outbox.change("UPDATE provider_use SET period = '2026-01-01'")  # the next day
    tomorrow = Outbox(database)
    await deliver_messages(tomorrow.runtime)

    assert on_the_day == {("sent", 1): 19, ("queued", 0): 14}  # a twentieth is kept for service messages
    assert sum(each.is_service for each in outbox.channel.given) == 3
    assert (await states(outbox))["sent", 1] == 33


async def test_a_domain_over_its_limit_waits_and_the_others_go_on(database: Database):
    outbox = await open_outbox(database, {"domains": {"gmail.com": [[5, "day"]]}})
    await queue(outbox, 20, domain="gmail.com")
    await queue(outbox, 20, domain="web.example")

    await deliver_messages(outbox.runtime)

    sent = Counter(each.address.partition("@")[2] for each in outbox.channel.given)
    assert sent == {"gmail.com": 5, "web.example": 20}
    waiting = await outbox.fetch("SELECT reason, attempts, due_at > now() AS later FROM message WHERE state = 'queued'")
    assert {tuple(row) for row in waiting} == {("limit of gmail.com", 0, True)}


async def test_without_limits_nothing_is_written_down_about_them(database: Database):
    outbox = await open_outbox(database)
    await queue(outbox, 5)

    await deliver_messages(outbox.runtime)

    assert await outbox.fetch("SELECT FROM provider_use") == []
    assert await states(outbox) == {("sent", 1): 5}


async def test_a_provider_that_is_down_is_asked_no_more_and_the_operator_hears_of_it_once(database: Database):
    outbox = await open_outbox(database)
    outbox.channel.answer = DOWN
    await queue(outbox, 60)

    with capture_logs() as logs:
        await deliver_messages(outbox.runtime, at_once=8)
        await deliver_messages(outbox.runtime, at_once=8)

    asked = len(outbox.channel.given)
    assert 10 <= asked < 20
    assert await states(outbox) == {("queued", 1): asked, ("queued", 0): 60 - asked}
    assert [each["event"] for each in logs if each["log_level"] == "error"] == ["provider_down"]


async def test_one_message_finds_that_the_provider_is_back(database: Database):
    outbox = await open_outbox(database)
    outbox.channel.answer = DOWN
    await queue(outbox, 30)
    await deliver_messages(outbox.runtime, at_once=8)
    other = Outbox(database)  # another worker, which hears of it from the sweep
    await find_waiting(other.runtime)
    await outbox.change("UPDATE message SET due_at = now()")

    await deliver_messages(other.runtime)
    asked_while_closed = len(other.channel.given)
    await outbox.change("UPDATE circuit SET probe_at = now()")
    other.channel.answer = DOWN
    await deliver_messages_later(other)
    asked_on_trial = len(other.channel.given)
    await outbox.change("UPDATE circuit SET probe_at = now()")
    await outbox.change("UPDATE message SET due_at = now()")
    other.channel.answer = Sent("<id>")
    with capture_logs() as logs:
        await deliver_messages_later(other)
    await deliver_messages(other.runtime)

    assert (asked_while_closed, asked_on_trial) == (0, 1)
    assert [each["event"] for each in logs] == ["provider_back"]
    rows = await outbox.fetch("SELECT state, count(*) FROM message GROUP BY state")
    assert [tuple(row) for row in rows] == [("sent", 30)]


async def test_a_sweep_right_before_the_claim_takes_no_trial_away(database: Database):
    outbox = await open_outbox(database)
    outbox.channel.answer = DOWN
    await queue(outbox, 12)
    await deliver_messages(outbox.runtime, at_once=8)
    await outbox.change("UPDATE circuit SET probe_at = now()")
    await outbox.change("UPDATE message SET due_at = now()")
    worker = Outbox(database)

    await find_waiting(worker.runtime)
    await deliver_messages(worker.runtime)

    assert len(worker.channel.given) > 0
    assert await outbox.fetch("SELECT FROM circuit") == []


async def deliver_messages_later(outbox: Outbox) -> None:
    """When what it knows of open circuits is old."""
    outbox.runtime.circuits.claimed_at = float("-inf")
    await deliver_messages(outbox.runtime)


async def test_what_another_way_could_deliver_does_not_wait_for_a_provider_that_is_down(database: Database):
    outbox = await open_outbox(database)
    outbox.channel.answer = DOWN
    await queue(outbox, 10)
    await deliver_messages(outbox.runtime)
    await queue(outbox, 1, domain="ways.example", limits={"ways": True}, run_state="sending")
    await queue(outbox, 1, domain="plain.example")
    await outbox.change("UPDATE message SET created_at = now() - interval '16 minutes' WHERE attempts = 0")

    await deliver_messages_later(outbox)

    rows = await outbox.fetch("SELECT limits IS NOT NULL AS has_way, state, reason FROM message WHERE attempts = 0")
    found = {row["has_way"]: (row["state"], row["reason"]) for row in rows}
    assert found[True] == ("failed", "not taken within 15 minutes: mail.example cannot be reached")
    assert found[False] == ("queued", None)
    assert len(await outbox.fetch("SELECT FROM outcome WHERE undeliverable")) == 1


async def test_a_breaker_that_is_switched_off_lets_all_be_tried(database: Database):
    outbox = await open_outbox(database, {"breaker": None})
    outbox.channel.answer = DOWN
    await queue(outbox, 40)

    await deliver_messages(outbox.runtime)

    assert await states(outbox) == {("queued", 1): 40}


async def test_one_dead_domain_of_fifty_takes_less_than_a_twentieth_of_the_places(database: Database):
    outbox = await open_outbox(database)
    domains = [f"d{number}.example" for number in range(50)]
    for domain in domains:
        await queue(outbox, 12, domain=domain)
    channel = outbox.channel = outbox.runtime.channels["email"] = OneHangs(domains[7])
    sending = asyncio.create_task(deliver_messages(outbox.runtime, at_once=64))

    async with asyncio.timeout(60):
        while channel.answered < 49 * 12:
            await asyncio.sleep(0.01)

    assert channel.most_hanging <= FIRST_WINDOW
    assert channel.most_hanging / 48 < 0.05  # of the places that marketing may have
    channel.gate.set()
    await sending


class OneHangs(ScriptedChannel):
    """One domain never answers, until the gate opens. Others take a moment."""

    def __init__(self, domain: str) -> None:
        super().__init__(gate=asyncio.Event())
        self.domain, self.hanging, self.most_hanging, self.answered = domain, 0, 0, 0

    async def send(self, handover: Handover) -> Verdict:
        if handover.address.endswith(f"@{self.domain}"):
            self.hanging += 1
            return await super().send(handover)
        self.most_hanging = max(self.most_hanging, self.hanging)
        await asyncio.sleep(0)
        self.answered += 1
        return Sent("<id>")


@pytest.mark.parametrize(
    ("answer", "tried"),
    [pytest.param(TryLater("450 busy"), 12, id="silent"), pytest.param(Rejected("550 no"), 30, id="refused")],
)
async def test_a_domain_that_takes_nothing_is_left_alone_and_keeps_its_attempts(
    database: Database, answer: Verdict, tried: int
):
    outbox = await open_outbox(database)
    outbox.channel.answer = lambda handover: answer if "dead" in handover.address else Sent("<id>")
    await queue(outbox, 30, domain="dead.example")
    await queue(outbox, 30, domain="web.example")

    await deliver_messages(outbox.runtime, at_once=16)

    asked = Counter(each.address.partition("@")[2] for each in outbox.channel.given)
    assert asked["web.example"] == 30
    assert asked["dead.example"] <= tried
    rows = await outbox.fetch(
        "SELECT reason, due_at > now() AS later FROM message WHERE state = 'queued' AND attempts = 0"
    )
    assert {tuple(row) for row in rows} <= {("dead.example does not answer", True)}
    assert len(rows) == 30 - asked["dead.example"]


async def test_a_message_that_waits_for_its_provider_is_judged_again_before_it_goes(database: Database):
    outbox = await open_outbox(database, {"limit": [[1, "day"]]})
    await queue(outbox, 2, transactional=True)
    await deliver_messages(outbox.runtime)
    await outbox.change(
        "INSERT INTO suppression (channel, address, reason) SELECT 'email', email, 'gone' FROM customer"
    )
    await outbox.change("UPDATE provider_use SET period = ''")

    await deliver_messages(Outbox(database).runtime)

    rows = await outbox.fetch("SELECT state FROM message ORDER BY state")
    assert [row["state"] for row in rows] == ["sent", "suppressed"]


async def test_a_mail_that_cannot_be_signed_waits_and_says_why(database: Database):
    outbox = Outbox(database)
    dkim = [{"domain": "shop.example", "selector": "kogda", "key_env": "SHOP_DKIM_KEY"}]
    await outbox.publish(settings=SETTINGS | {"dkim": dkim})
    await queue(outbox, 1)

    await deliver_messages(outbox.runtime)

    [row] = await outbox.fetch("SELECT state, reason FROM message")
    assert tuple(row) == (
        "queued",
        "the environment variable SHOP_DKIM_KEY is not set",
    )
    assert outbox.channel.given == []
