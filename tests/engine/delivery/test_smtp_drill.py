"""Drill 14, from the row's side: whatever the server does, a message ends in the right state with its reason."""

from __future__ import annotations

from dataclasses import replace

from engine.channels.email_smtp import SmtpChannel
from engine.channels.smtp_settings import SmtpTimeouts, read_smtp_url
from engine.flow.deliver_messages import deliver_messages
from engine.storage.database import Database
from tests.channels.smtp_sink import SmtpSink
from tests.engine.delivery.outbox import Outbox

IMPATIENT = SmtpTimeouts(connect=1, command=1, data=1, block=1, final=1, quit=1)

#: What the server does, and the state under hold and under resend.
CASES = [
    ({}, "sent", "sent"),
    ({"GREETING": "421 busy"}, "queued", "queued"),
    ({"GREETING": "drop"}, "queued", "queued"),
    ({"MAIL": "450 busy"}, "queued", "queued"),
    ({"MAIL": "reset"}, "queued", "queued"),
    ({"RCPT": "451 greylisted"}, "queued", "queued"),
    ({"RCPT": "550 5.7.1 blocked"}, "failed", "failed"),
    ({"RCPT": "hang"}, "queued", "queued"),
    ({"DATA": "421 closing"}, "queued", "queued"),
    ({"DATA": "drop"}, "queued", "queued"),
    ({"END": "450 later"}, "queued", "queued"),
    ({"END": "552 too big"}, "failed", "failed"),
    ({"END": "554 spam"}, "failed", "failed"),
    ({"END": "drop"}, "unknown", "queued"),
    ({"END": "reset"}, "unknown", "queued"),
    ({"END": "hang"}, "unknown", "queued"),
    ({"END": "half close"}, "unknown", "queued"),
]


async def test_whatever_the_server_does_the_row_says_it(database: Database):
    sink = SmtpSink()
    async with sink.running():
        settings = replace(read_smtp_url(f"smtp://127.0.0.1:{sink.port}?starttls=never"), timeouts=IMPATIENT)
        outbox = Outbox(database)
        await outbox.publish()
        await outbox.customer()
        found = []
        for number, (script, *_) in enumerate(CASES):
            sink.script = lambda _, script=script: script
            outbox.runtime.channels = {"email": (channel := SmtpChannel(settings))}
            held = await outbox.message(f"held {number}")
            resent = await outbox.message(f"resent {number}", transactional=True)
            await deliver_messages(outbox.runtime)
            rows = [await outbox.row(message) for message in (held, resent)]
            assert all(row["reason"] for row in rows) is bool(script)
            assert rows[1]["maybe_duplicate"] is (rows[0]["state"] == "unknown")
            found.append((script, *(row["state"] for row in rows)))
            await channel.close()
            await outbox.change("UPDATE message SET due_at = 'infinity' WHERE state = 'queued'")

    assert found == CASES
