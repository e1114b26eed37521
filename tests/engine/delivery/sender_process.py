"""A worker that does nothing but deliver, until nothing is queued or in hand anywhere."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from engine.channels.email_smtp import SmtpChannel
from engine.channels.smtp_settings import read_smtp_url
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.storage.database import Database
from tests.engine.delivery.outbox import Outbox

LEASE = timedelta(seconds=1)
AT_ONCE = 16


def run(database_url: str, smtp_url: str) -> None:
    asyncio.run(_deliver(database_url, smtp_url))


async def _deliver(database_url: str, smtp_url: str) -> None:
    database = Database(database_url)
    await database.open()
    outbox = Outbox(database, SmtpChannel(read_smtp_url(smtp_url)))
    while await outbox.fetch("SELECT FROM message WHERE state IN ('queued', 'sending') LIMIT 1"):
        await deliver_messages(outbox.runtime, at_once=AT_ONCE, lease=LEASE)
        await asyncio.sleep(0.05)
    await outbox.channel.close()
    await database.close()
