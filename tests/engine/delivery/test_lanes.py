"""Transactional messages do not wait behind marketing, however much of it there is and however slow its channel."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic

import pytest

from engine.channels import Handover, Sent, Verdict
from engine.channels.email_smtp import SmtpChannel
from engine.channels.smtp_settings import read_smtp_url
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.storage.customers.erasure import erased_as
from engine.storage.database import Database
from engine.storage.delivery.lanes import ALL_LANES, DUE, Lanes
from engine.storage.delivery.messages import _OF_LOCKED, lock_due_messages
from engine.storage.installation import found_installation
from tests.channels.smtp_sink import SmtpSink
from tests.engine.delivery.outbox import Outbox, ScriptedChannel

TRIES = 5  # the soonest counts: a machine that is busy with something else holds up some of them


async def queue_marketing(outbox: Outbox, count: int, *, channel: str = "email") -> None:
    await outbox.change(
        "INSERT INTO message (partition, id, customer, run, rule, rule_set, step, channel, template, context,"
        " transactional, due_at) SELECT m.partition, gen_random_uuid(), m.customer, m.run, m.rule, m.rule_set, m.step,"
        " $2, m.template, m.context, false, now() - interval '1 hour' FROM message m, generate_series(1, $1) n"
        " WHERE m.due_at = 'infinity'",
        count,
        channel,
    )


async def open_outbox(database: Database) -> Outbox:
    """With one message that is never due, which others are copied from."""
    outbox = Outbox(database)
    await outbox.publish()
    await outbox.customer()
    await outbox.message("pattern")
    await outbox.change("UPDATE message SET due_at = 'infinity'")
    return outbox


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.01)


async def test_a_service_message_does_not_wait_for_a_mass_send_into_a_slow_channel(database: Database):
    outbox = await open_outbox(database)
    await queue_marketing(outbox, 300)
    outbox.channel.gate = asyncio.Event()  # each marketing message takes for ever
    outbox.channel.__class__ = LetsServicePass
    sending = asyncio.create_task(deliver_messages(outbox.runtime, at_once=8))
    await until(lambda: len(outbox.channel.given) == 6)

    receipts, waits = [], []
    for number in range(TRIES):
        receipts.append(await outbox.message(f"receipt {number}", transactional=True))
        began = monotonic()
        await until(lambda: len(outbox.channel.given) == 6 + len(receipts))
        waits.append(monotonic() - began)

    assert [each.message for each in outbox.channel.given[6:]] == receipts
    assert min(waits) < 1
    outbox.channel.gate.set()
    await sending


class LetsServicePass(ScriptedChannel):
    async def send(self, handover: Handover) -> Verdict:
        if handover.is_service:
            self.given.append(handover)
            return Sent("<id>")
        return await super().send(handover)


async def test_a_service_mail_finds_a_connection_while_marketing_is_stuck_in_all_it_may_have(database: Database):
    outbox, sink = await open_outbox(database), SmtpSink()
    await outbox.customer("u:ben", email="ben@fast.example")
    await queue_marketing(outbox, 300)
    async with sink.running():
        sink.stuck_on = "anna@example.com"
        outbox.runtime.channels = {
            "email": (channel := SmtpChannel(read_smtp_url(f"smtp://127.0.0.1:{sink.port}?starttls=never")))
        }
        sending = asyncio.create_task(deliver_messages(outbox.runtime))
        await until(lambda: len(sink.recipients) == 7)

        waits = []
        for number in range(TRIES):
            await outbox.message(f"receipt {number}", key="u:ben", transactional=True)
            began = monotonic()
            await until(lambda: len(sink.accepted) > len(waits))
            waits.append(monotonic() - began)

        assert [recipient for recipient, _ in sink.accepted] == ["ben@fast.example"] * TRIES
        assert min(waits) < 1
        sending.cancel()
        outbox.runtime.stopping.set()
    await asyncio.gather(sending, return_exceptions=True)
    await channel.close()


async def test_what_is_due_is_taken_by_class_then_by_channel_in_turn_then_by_age(database: Database):
    outbox = await open_outbox(database)
    for name, values in {
        "email 1": {},
        "email 2": {"due_at": datetime(2026, 1, 2, tzinfo=UTC)},
        "sms": {"channel": "sms", "due_at": datetime(2026, 1, 3, tzinfo=UTC)},
        "receipt": {"transactional": True, "due_at": datetime(2026, 1, 4, tzinfo=UTC)},
    }.items():
        await outbox.message(name, rule=name, **values)

    async with database.transaction() as connection:
        due = await lock_due_messages(connection, limit=10)

    assert [each.rule for each in due] == ["receipt", "email 1", "sms", "email 2"]


async def test_marketing_beyond_its_room_is_not_locked(database: Database):
    outbox = await open_outbox(database)
    for number in range(3):
        await outbox.message(f"receipt {number}", rule="receipt", transactional=True)
        await outbox.message(f"email {number}", rule="email")
        await outbox.message(f"sms {number}", rule="sms", channel="sms")

    async with database.transaction() as connection:
        due = await lock_due_messages(connection, limit=10, lanes=Lanes(marketing=1))

    assert [each.rule for each in due] == ["receipt", "receipt", "receipt", "email", "sms"]


async def test_the_cost_of_a_claim_does_not_grow_with_what_waits(database: Database):
    outbox = await open_outbox(database)
    await outbox.message("receipt", transactional=True)
    await queue_marketing(outbox, 200)
    await queue_marketing(outbox, 200, channel="sms")
    pages_of_few = await pages_of_a_claim(outbox)
    await queue_marketing(outbox, 40_000)
    await queue_marketing(outbox, 10_000, channel="sms")

    pages_of_many = await pages_of_a_claim(outbox)

    assert pages_of_many < pages_of_few * 2


async def test_the_cost_of_a_claim_does_not_grow_with_customers_and_runs_of_no_concern(database: Database):
    outbox = await open_outbox(database)
    await outbox.change(
        "INSERT INTO customer (partition, id, key)"
        " SELECT 1, gen_random_uuid(), 'u:' || n FROM generate_series(1, 2000) n"
    )
    await outbox.change(
        "INSERT INTO run (partition, id, customer, rule, rule_set, state, began_at, body)"
        " SELECT 1, gen_random_uuid(), gen_random_uuid(), 'other', 1, 'ended', now(), '{}'"
        " FROM generate_series(1, 2000)"
    )
    await queue_marketing(outbox, 500)
    await outbox.change("ANALYZE customer, run, message")

    due = await outbox.fetch(DUE, 500, *ALL_LANES.as_arguments())
    plan = await outbox.fetch(f"EXPLAIN {_OF_LOCKED}", *zip(*due, strict=True))

    assert not re.search(r"Seq Scan on (customer|run|message)\b", "\n".join(row[0] for row in plan))


@pytest.mark.parametrize(
    ("channel", "address"), [("email", "Anna@Example.com"), ("sms", "00 49-151"), ("customer", "u:A")]
)
async def test_many_are_asked_about_by_the_hash_that_is_kept_of_one(database: Database, channel: str, address: str):
    await found_installation(database, 1)
    asked = f"'{address}'" if channel == "customer" else f"suppressed_as('{channel}', '{address}')"

    hashed = erased_as(f"'{channel}'", asked)
    [row] = await Outbox(database).fetch(f"SELECT {hashed}, erased_as('{channel}', '{address}')")

    assert row[0] == row[1]
    assert len(row[0]) == 32


async def pages_of_a_claim(outbox: Outbox) -> int:
    await outbox.change("ANALYZE message")
    plan = await outbox.fetch(f"EXPLAIN (ANALYZE, BUFFERS) {DUE}", 64, *ALL_LANES.as_arguments())
    await outbox.change("VACUUM message")  # forgets the locks of the look
    hit, read = re.search(r"shared hit=(\d+)(?: read=(\d+))?", "\n".join(row[0] for row in plan)).groups()  # type: ignore[union-attr]
    return int(hit) + int(read or 0)
