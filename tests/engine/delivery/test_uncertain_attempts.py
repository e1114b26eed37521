"""Attempts of which nobody knows how they ended, and verdicts that come late."""

from __future__ import annotations

import asyncio

import pytest

from engine.channels import Rejected, Sent, Unknown
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.storage.runs.outcomes import delete_outcomes, read_outcomes
from tests.engine.delivery.outbox import SETTINGS, Outbox, ScriptedChannel


@pytest.mark.parametrize(("transactional", "state"), [(False, "unknown"), (True, "queued")])
async def test_an_unknown_verdict_is_held_or_sent_again_by_policy(outbox: Outbox, transactional: bool, state: str):
    outbox.channel.answer = Unknown("no answer came")
    message = await outbox.message(transactional=transactional)

    await deliver_messages(outbox.runtime)

    row = await outbox.row(message)
    assert (row["state"], row["maybe_duplicate"]) == (state, transactional)
    assert "no answer came" in row["reason"]


@pytest.mark.parametrize(
    ("transactional", "policy", "state"),
    [
        (False, {}, "unknown"),
        (True, {}, "sent"),
        (False, {"marketing": "resend"}, "sent"),
        (True, {"transactional": "hold"}, "unknown"),
    ],
)
async def test_an_attempt_whose_worker_died_is_held_or_sent_again(
    outbox: Outbox, transactional: bool, policy: dict[str, str], state: str
):
    await outbox.publish(settings=SETTINGS | {"unknown_window": policy})
    message = await outbox.message(transactional=transactional)
    await outbox.change(
        "UPDATE message SET state = 'sending', attempt = gen_random_uuid(), attempts = 1,"
        " deadline = now() - interval '1 second'"
    )

    await deliver_messages(outbox.runtime)

    row = await outbox.row(message)
    assert (row["state"], row["maybe_duplicate"]) == (state, state == "sent")
    assert len(outbox.channel.given) == (1 if state == "sent" else 0)


async def test_a_verdict_that_comes_after_its_lease_still_counts(outbox: Outbox):
    gate = outbox.channel.gate = asyncio.Event()
    message = await outbox.message()
    late = asyncio.create_task(deliver_messages(outbox.runtime))
    while not outbox.channel.given:
        await asyncio.sleep(0)
    await outbox.change("UPDATE message SET deadline = now() - interval '1 second'")
    other = Outbox(outbox.database)
    await deliver_messages(other.runtime)
    held = (await outbox.row(message))["state"]

    gate.set()
    await late

    assert held == "unknown"
    assert (await outbox.row(message))["state"] == "sent"
    assert other.channel.given == []


async def test_a_late_refusal_is_heard_by_a_run_that_has_not_read_the_unknown_yet(outbox: Outbox):
    gate = outbox.channel.gate = asyncio.Event()
    outbox.channel.answer = Rejected("550 no such mailbox")
    await outbox.message(run_state="sending")
    late = asyncio.create_task(deliver_messages(outbox.runtime))
    while not outbox.channel.given:
        await asyncio.sleep(0)
    await outbox.change("UPDATE message SET deadline = now() - interval '1 second'")
    await deliver_messages(Outbox(outbox.database).runtime)
    async with outbox.database.connection() as connection:
        read = await read_outcomes(connection, range(64), limit=10)

        gate.set()
        await late
        await delete_outcomes(connection, [(partition, each.message, each.state) for partition, _, each in read])

    assert [each.state for _, _, each in read] == ["unknown"]
    assert [tuple(row) for row in await outbox.fetch("SELECT state, undeliverable FROM outcome")] == [("failed", True)]


async def test_a_replaced_attempt_changes_nothing(outbox: Outbox):
    gate = outbox.channel.gate = asyncio.Event()
    message = await outbox.message(transactional=True)
    late = asyncio.create_task(deliver_messages(outbox.runtime))
    while not outbox.channel.given:
        await asyncio.sleep(0)
    outbox.runtime.stopping.set()  # it takes nothing more, this message neither
    await outbox.change("UPDATE message SET deadline = now() - interval '1 second'")
    other = Outbox(outbox.database, ScriptedChannel(Sent("second")))
    await deliver_messages(other.runtime)

    outbox.channel.answer = Rejected("too late")
    gate.set()
    await late

    row = await outbox.row(message)
    assert (row["state"], row["provider_id"], row["maybe_duplicate"]) == ("sent", "second", True)
