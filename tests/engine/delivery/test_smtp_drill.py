"""Drill 14, from the row's side: whatever the server does, at whatever verb, a message ends in the right state with its
reason. All cases at once, each with a server of its own."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from itertools import product
from uuid import UUID

from engine.channels import Handover, Verdict
from engine.channels.email_smtp import SmtpChannel
from engine.channels.smtp_settings import SmtpTimeouts, read_smtp_url
from engine.core.delivery.retries import FIRST_WAIT
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.storage.database import Database
from tests.channels.smtp_sink import Script, SmtpSink
from tests.engine.delivery.outbox import SETTINGS, Outbox

SHORT_S = 2.0

SOON = ["421 4.3.2 closing", "450 4.2.0 busy", "451 4.7.1 greylisted"]
NEVER = ["550 5.7.1 blocked", "552 5.2.2 full", "554 5.7.1 spam"]
SILENT = ["hang", "tarpit", "drop", "reset", "half close"]

#: What the server does, and the state under hold and under resend. Before the final dot nothing was taken.
CASES: list[tuple[Script, str, str]] = [
    ({}, "sent", "sent"),
    *(({verb: doing}, "queued", "queued") for verb, doing in product(["GREETING", "EHLO"], [*SOON, "554 no", *SILENT])),
    *(({verb: doing}, "queued", "queued") for verb, doing in product(["MAIL", "RCPT", "DATA"], [*SOON, *SILENT])),
    *(({verb: doing}, "failed", "failed") for verb, doing in product(["MAIL", "RCPT", "DATA"], NEVER)),
    *(({"END": doing}, "queued", "queued") for doing in SOON),
    *(({"END": doing}, "failed", "failed") for doing in NEVER),
    *(({"END": doing}, "unknown", "queued") for doing in SILENT),
    ({"CONTENT": "hang"}, "unknown", "queued"),  # all was written: who knows what was read
]


def patience_with(script: Script) -> SmtpTimeouts:
    """Short where the server falls silent, and before it, where it comes to the same. Who answers may take long."""
    for verb, doing in script.items():
        if doing in SILENT and verb in ("END", "CONTENT"):
            return SmtpTimeouts(final=SHORT_S, quit=SHORT_S)
        if doing in SILENT:
            return SmtpTimeouts(connect=SHORT_S, command=SHORT_S, data=SHORT_S, quit=SHORT_S)
    return SmtpTimeouts()


@dataclass
class Relay:
    """Hands each message to the server of its case."""

    of: dict[UUID, SmtpChannel] = field(default_factory=dict)

    async def send(self, handover: Handover) -> Verdict:
        return await self.of[handover.message].send(handover)

    async def close(self) -> None:
        for channel in set(self.of.values()):
            await channel.close()


async def test_whatever_the_server_does_the_row_says_it(database: Database):
    outbox = Outbox(database, Relay())
    await outbox.publish(settings=SETTINGS | {"providers": {"email": {"breaker": None}}})
    messages = []
    async with AsyncExitStack() as servers:
        for number, (script, *_) in enumerate(CASES):
            sink = await servers.enter_async_context(SmtpSink(lambda _, script=script: script).running())
            url = f"smtp://127.0.0.1:{sink.port}?starttls=never"
            channel = SmtpChannel(replace(read_smtp_url(url), timeouts=patience_with(script)))
            await outbox.customer(f"u:{number}", email=f"anna@case-{number}.example")
            held = await outbox.message(f"held {number}", key=f"u:{number}")
            resent = await outbox.message(f"resent {number}", key=f"u:{number}", transactional=True)
            outbox.channel.of |= {held: channel, resent: channel}
            messages.append((held, resent))

        [[began]] = await outbox.fetch("SELECT now()")
        await deliver_messages(outbox.runtime, at_once=4 * len(CASES))
        [[ended]] = await outbox.fetch("SELECT now()")
        await outbox.channel.close()

    found = []
    for (script, *_), (held, resent) in zip(CASES, messages, strict=True):
        rows = [await outbox.row(message) for message in (held, resent)]
        assert all(row["reason"] for row in rows) is bool(script)
        assert rows[1]["maybe_duplicate"] is (rows[0]["state"] == "unknown")
        assert all(row["attempts"] == 1 for row in rows)
        waits_until = [row["due_at"] for row in rows if row["state"] == "queued"]
        assert all(began + 0.9 * FIRST_WAIT <= due <= ended + 1.1 * FIRST_WAIT for due in waits_until), script
        found.append((script, *(row["state"] for row in rows)))
    assert found == CASES


async def test_a_server_that_goes_away_within_the_content_is_tried_again_or_held(database: Database):
    """How much of it was written nobody can say: what is sure is that nothing is lost, or sent twice unflagged."""
    outbox, sinks = Outbox(database, Relay()), AsyncExitStack()
    await outbox.publish()
    async with sinks:
        for number, doing in enumerate(["drop", "reset"] * 5):
            sink = await sinks.enter_async_context(SmtpSink(lambda _, doing=doing: {"CONTENT": doing}).running())
            channel = SmtpChannel(read_smtp_url(f"smtp://127.0.0.1:{sink.port}?starttls=never"))
            await outbox.customer(f"u:{number}", email=f"anna@case-{number}.example")
            message = await outbox.message(f"m{number}", key=f"u:{number}", transactional=number > 4)
            outbox.channel.of[message] = channel

        await deliver_messages(outbox.runtime)
        await outbox.channel.close()

    rows = await outbox.fetch("SELECT state, transactional, maybe_duplicate, reason FROM message")
    assert {row["state"] for row in rows if row["transactional"]} == {"queued"}
    assert {row["state"] for row in rows if not row["transactional"]} <= {"queued", "unknown"}
    assert all(row["maybe_duplicate"] is row["reason"].startswith("sent again") for row in rows)
