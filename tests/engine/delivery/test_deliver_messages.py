"""Every message ends in the right state, with its reason in the row."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from engine.channels import Handover, Rejected, Sent, TryLater, Verdict
from engine.channels.mailbox import MailboxChannel
from engine.channels.mime import build_mail
from engine.core.identity import derived_id
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.keeping import keeper
from engine.links.bounce_addresses import message_of_address
from engine.storage.database import Database
from tests.engine.delivery.outbox import SETTINGS, Outbox, ScriptedChannel


async def test_bounces_of_each_mail_come_back_to_an_address_of_its_own(database: Database):
    outbox = Outbox(database)
    await outbox.publish(settings={"mail": {"from": "hello@shop.example", "bounces": "bounces@shop.example"}})
    await outbox.customer()
    message = await outbox.message()

    await deliver_messages(outbox.runtime)

    [given] = outbox.channel.given
    envelope = build_mail(given)
    assert message_of_address(outbox.runtime.link_key, envelope.sender) == message
    assert envelope.sender.endswith("@shop.example")
    assert b"From: hello@shop.example" in envelope.raw


async def test_a_due_message_is_rendered_and_handed_over_once(outbox: Outbox):
    message = await outbox.message()

    first = await deliver_messages(outbox.runtime)
    second = await deliver_messages(outbox.runtime)

    [handover] = outbox.channel.given
    assert handover.message == message
    assert handover.address == "anna@example.com"
    assert handover.content.sender == "Shop <hello@shop.example>"
    assert (handover.content.subject, handover.content.html, handover.content.text) == (
        "Hello Anna",
        "<p>45</p>",
        "45\n",
    )
    row = await outbox.row(message)
    assert (row["state"], row["attempts"], row["address"], row["reason"]) == ("sent", 1, "anna@example.com", None)
    assert row["settled_at"] is not None and row["deadline"] is None
    assert (first.counts["sent"], second.total, first.more) == (1, 0, False)


async def test_without_an_smtp_server_a_mail_lands_in_the_mailbox(outbox: Outbox):
    outbox.runtime.channels = {"email": MailboxChannel(keeper(outbox.database))}
    message = await outbox.message()

    await deliver_messages(outbox.runtime)

    [kept] = await outbox.fetch("SELECT * FROM mailbox")
    row = await outbox.row(message)
    assert (kept["message"], kept["recipient"], kept["subject"]) == (message, "anna@example.com", "Hello Anna")
    assert (kept["run"], kept["partition"], kept["template"]) == (row["run"], row["partition"], "cart")
    assert b"Subject: Hello Anna\r\n" in kept["raw"]
    assert row["provider_id"] == f"<{message}@shop.example>"


async def test_a_message_before_its_time_stays(outbox: Outbox):
    message = await outbox.message()
    await outbox.change("UPDATE message SET due_at = now() + interval '1 minute'")

    await deliver_messages(outbox.runtime)

    assert (await outbox.row(message))["state"] == "queued"
    assert outbox.channel.given == []


async def test_variables_that_rendered_empty_are_in_the_row(outbox: Outbox):
    await outbox.customer("u:bob", email="bob@example.com", attributes={})
    message = await outbox.message(key="u:bob", context={"event": {}, "with": {}})

    await deliver_messages(outbox.runtime)

    row = await outbox.row(message)
    assert (row["state"], row["reason"]) == ("sent", "rendered empty: customer.first_name, event.total")


@pytest.mark.parametrize(
    ("customer", "values", "reason"),
    [
        pytest.param({"email": None}, {}, "no email address", id="no address"),
        pytest.param({"email": "Dead@Example.com"}, {}, "the address is suppressed: RCPT 550", id="suppressed"),
        pytest.param(
            {"email": "dead@example.com"}, {"transactional": True}, "the address is suppressed: RCPT 550", id="dead"
        ),
        pytest.param({"consent": {"email": False}}, {}, "no consent: email refused", id="refused"),
        pytest.param(
            {"consent": {"news": False}}, {"template": "news"}, "no consent: topic news refused", id="topic refused"
        ),
        pytest.param({}, {"rule": "old"}, "the rule was switched off", id="rule off"),
        pytest.param({}, {"end_reason": "stop when order_placed"}, "stop when order_placed", id="run stopped"),
        pytest.param(
            {},
            {"end_reason": "прекратить при order_placed"},
            "прекратить при order_placed",
            id="run stopped in Russian",
        ),
    ],
)
async def test_what_a_guard_stops_is_suppressed_with_its_reason(
    outbox: Outbox, customer: dict[str, Any], values: dict[str, Any], reason: str
):
    await outbox.change("INSERT INTO suppression VALUES ('email', 'dead@example.com', 'RCPT 550')")
    await outbox.customer("u:bob", **customer)
    message = await outbox.message(key="u:bob", **values)

    await deliver_messages(outbox.runtime)

    row = await outbox.row(message)
    assert (row["state"], row["reason"], row["attempts"]) == ("suppressed", reason, 0)
    assert outbox.channel.given == []
    [outcome] = await outbox.fetch("SELECT state, reason FROM outcome")
    assert tuple(outcome) == ("suppressed", reason)
    assert outbox.waker.woken == {row["partition"]}


@pytest.mark.parametrize(
    ("consent", "transactional", "state"),
    [
        pytest.param({}, False, "suppressed", id="never asked"),
        pytest.param({"email": True}, False, "sent", id="agreed"),
        pytest.param({}, True, "sent", id="transactional needs none"),
        pytest.param({"email": False}, True, "sent", id="transactional in spite of a refusal"),
    ],
)
async def test_a_workspace_may_require_consent(
    outbox: Outbox, consent: dict[str, bool], transactional: bool, state: str
):
    await outbox.publish(settings=SETTINGS | {"consent": "required"})
    await outbox.customer("u:bob", consent=consent)
    message = await outbox.message(key="u:bob", transactional=transactional)

    await deliver_messages(outbox.runtime)

    assert (await outbox.row(message))["state"] == state


async def test_a_waiting_run_hears_of_every_end(outbox: Outbox):
    outbox.channel.answer = lambda handover: Sent("id") if handover.origin.rule == "reminder" else Rejected("no")
    await outbox.publish(rules=("reminder", "other"))
    await outbox.message("waiting", run_state="sending")
    await outbox.message("waiting and refused", run_state="sending", rule="other")
    await outbox.message("ended")
    await outbox.message("ended and refused", rule="other")

    await deliver_messages(outbox.runtime)

    outcomes = await outbox.fetch(
        "SELECT m.rule, r.state, o.state FROM outcome o JOIN run r ON r.id = o.run"
        " JOIN message m ON m.id = o.message ORDER BY 1, 2"
    )
    assert [tuple(outcome) for outcome in outcomes] == [
        ("other", "ended", "failed"),
        ("other", "sending", "failed"),
        ("reminder", "sending", "sent"),
    ]


async def test_a_finished_run_that_holds_no_once_mark_has_nothing_to_hear(outbox: Outbox):
    outbox.channel.answer = Rejected("no")
    await outbox.message("unmarked", marked=False)
    await outbox.message("stopped", marked=False, end_reason="stop when order_placed")

    await deliver_messages(outbox.runtime)

    [outcome] = await outbox.fetch("SELECT run FROM outcome")
    assert outcome["run"] == derived_id("run", "stopped")


async def test_try_later_comes_back_by_the_schedule_with_its_reason(outbox: Outbox):
    outbox.channel.answer = TryLater("MAIL answered 451 greylisted")
    message = await outbox.message(run_state="sending")

    await deliver_messages(outbox.runtime)

    row = await outbox.row(message)
    [now] = await outbox.fetch("SELECT now()")
    assert (row["state"], row["attempts"], row["reason"]) == ("queued", 1, "MAIL answered 451 greylisted")
    assert timedelta(seconds=50) < row["due_at"] - now[0] < timedelta(seconds=70)
    assert await outbox.fetch("SELECT FROM outcome") == []


async def test_after_five_days_a_message_is_given_up(outbox: Outbox):
    outbox.channel.answer = TryLater("busy")
    message = await outbox.message()
    await outbox.change("UPDATE message SET created_at = now() - interval '5 days 1 minute'")

    await deliver_messages(outbox.runtime)

    row = await outbox.row(message)
    assert (row["state"], row["reason"]) == ("failed", "given up after 5 days: busy")


async def test_a_hard_bounce_suppresses_the_address_for_the_next_message(outbox: Outbox):
    outbox.channel.answer = Rejected("RCPT answered 550 5.1.1 no such user", suppress=True)
    await outbox.message("first")
    await deliver_messages(outbox.runtime)
    second = await outbox.message("second")

    await deliver_messages(outbox.runtime)

    assert len(outbox.channel.given) == 1
    row = await outbox.row(second)
    assert row["state"] == "suppressed"
    assert row["reason"] == "the address is suppressed: RCPT answered 550 5.1.1 no such user"


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (Rejected("550 \udcff\udcfe gone\0", suppress=True), "failed", "550 ?? gone"),
        (TryLater("450 \udcff later\0", is_outage=True), "queued", "450 ? later"),
        (Sent("<\udcff\0>"), "sent", None),
    ],
)
async def test_bytes_that_are_no_text_in_an_answer_do_not_keep_it_from_being_settled(
    outbox: Outbox, answer: Verdict, state: str, reason: str | None
):
    outbox.channel.answer = answer
    message = await outbox.message()

    await deliver_messages(outbox.runtime)

    row = await outbox.row(message)
    assert (row["state"], row["reason"]) == (state, reason)


async def test_two_workers_never_hand_over_the_same_message(outbox: Outbox):
    for number in range(200):
        await outbox.message(f"m{number}")
    other = Outbox(outbox.database, outbox.channel)

    await asyncio.gather(*(deliver_messages(each.runtime, at_once=8) for each in (outbox, other, outbox, other)))

    handed = [handover.message for handover in outbox.channel.given]
    assert len(handed) == len(set(handed)) == 200


async def test_a_slow_server_does_not_hold_up_what_becomes_due(outbox: Outbox):
    release = asyncio.Event()

    class Slow(ScriptedChannel):
        async def send(self, handover: Handover) -> Any:
            self.given.append(handover)
            if len(self.given) == 1:
                await release.wait()
            return Sent("id")

    outbox.runtime.channels = {"email": (channel := Slow())}
    await outbox.message("slow")
    turn = asyncio.create_task(deliver_messages(outbox.runtime))
    while not channel.given:
        await asyncio.sleep(0)

    quick = await outbox.message("quick")
    async with asyncio.timeout(60):
        while (await outbox.row(quick))["state"] != "sent":
            await asyncio.sleep(0)

    release.set()
    assert (await turn).counts["sent"] == 2


async def test_leases_of_what_is_in_hand_are_extended(outbox: Outbox):
    gate = outbox.channel.gate = asyncio.Event()
    message = await outbox.message()
    turn = asyncio.create_task(deliver_messages(outbox.runtime, lease=timedelta(seconds=3)))
    while not outbox.channel.given:
        await asyncio.sleep(0)
    first = (await outbox.row(message))["deadline"]

    async with asyncio.timeout(60):
        while (await outbox.row(message))["deadline"] <= first:
            await asyncio.sleep(0)

    gate.set()
    await turn
    assert (await outbox.row(message))["state"] == "sent"


async def test_a_stopping_worker_ends_what_is_in_hand_and_leaves_the_rest_queued(outbox: Outbox):
    gate = outbox.channel.gate = asyncio.Event()
    for number in range(6):
        await outbox.message(f"m{number}")
    turn = asyncio.create_task(deliver_messages(outbox.runtime, at_once=5))
    while not outbox.channel.given:
        await asyncio.sleep(0)

    outbox.runtime.stopping.set()
    gate.set()
    delivered = await turn

    states = await outbox.fetch("SELECT state, count(*) FROM message GROUP BY 1 ORDER BY 1")
    assert [tuple(row) for row in states] == [("queued", 2), ("sent", 4)]
    assert (delivered.counts["sent"], delivered.more) == (4, True)


@pytest.mark.parametrize("reason", ["the rule was switched off", "stop when order_placed"])
async def test_a_message_that_waits_for_a_retry_is_withdrawn(outbox: Outbox, reason: str):
    outbox.channel.answer = TryLater("busy")
    message = await outbox.message(run_state="sending")
    await deliver_messages(outbox.runtime)
    if reason.startswith("stop"):
        await outbox.change("UPDATE run SET state = 'ended', end_reason = $1", reason)
    else:
        await outbox.publish(rules=("another",))
    await outbox.change("UPDATE message SET due_at = now()")

    await deliver_messages(outbox.runtime)

    row = await outbox.row(message)
    assert (row["state"], row["reason"], row["attempts"]) == ("suppressed", reason, 1)
    assert len(outbox.channel.given) == 1


async def test_a_provider_that_is_down_is_told_once_and_without_addresses(outbox: Outbox):
    outbox.channel.answer = TryLater("connecting answered 535 no login for shop@example.com", is_outage=True)
    for number in range(3):
        await outbox.message(f"m{number}")

    with capture_logs() as lines:
        await deliver_messages(outbox.runtime)
        await outbox.change("UPDATE message SET due_at = now()")
        await deliver_messages(outbox.runtime)

    [line] = lines
    assert (line["event"], line["log_level"]) == ("mails_put_off", "warning")
    assert line["reason"] == "connecting answered 535 no login for …"


async def test_a_database_that_stumbles_does_not_give_up_what_is_in_hand(outbox: Outbox):
    gate = outbox.channel.gate = asyncio.Event()
    first = await outbox.message("first")
    turn = asyncio.create_task(deliver_messages(outbox.runtime))
    while not outbox.channel.given:
        await asyncio.sleep(0)
    await outbox.change("ALTER TABLE publication RENAME TO publication_away")

    async with asyncio.timeout(60):
        with capture_logs() as lines:
            while not lines:
                await asyncio.sleep(0)
    await outbox.change("ALTER TABLE publication_away RENAME TO publication")
    gate.set()

    assert (await turn).counts["sent"] == 1
    assert (await outbox.row(first))["state"] == "sent"
    assert {line["event"] for line in lines} == {"claiming_waits"}
