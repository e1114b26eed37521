"""Drill 5: kill -9 of the sender while 3,000 mails flow, under both policies."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.storage.database import Database
from tests.drills.sizes import sized
from tests.drills.stage import Record
from tests.engine.delivery.outbox import Outbox
from tests.engine.delivery.sender_process import AT_ONCE, run
from tests.forking import start

ROOT = Path(__file__).parents[3]
MAILS, KILLS, SEED = 3000, sized(40, 200), 20261121


@dataclass
class Sink:
    port: int
    record: Path

    def received(self) -> list[str]:
        return self.record.read_text().split() if self.record.exists() else []

    def count(self) -> int:
        """Different ones: of those that came twice there may be as many as kills have mails in hand."""
        return len(set(self.received()))


@pytest.fixture
async def sink(tmp_path: Path) -> AsyncIterator[Sink]:
    record = tmp_path / "received"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.engine.delivery.sink_process", str(record), cwd=ROOT, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    yield Sink(int(await process.stdout.readline()), record)
    process.kill()
    await process.wait()


def send(database_url: str, sink: Sink) -> Any:
    return start(run, database_url, f"smtp://127.0.0.1:{sink.port}?starttls=never&connections=8")


async def queue_mails(outbox: Outbox) -> None:
    """Half marketing (held when unsure), half transactional (sent again when unsure)."""
    await outbox.publish()
    await outbox.customer()
    await outbox.message(due_at=datetime(2100, 1, 1, tzinfo=UTC))
    await outbox.change(
        "INSERT INTO message (partition, id, customer, run, rule, rule_set, step, channel, template, context,"
        " transactional, due_at) SELECT m.partition, gen_random_uuid(), m.customer, m.run, m.rule, m.rule_set, m.step,"
        " m.channel, m.template, m.context, n % 2 = 0, now() FROM message m, generate_series(1, $1) n",
        MAILS,
    )
    await outbox.change("DELETE FROM message WHERE due_at > now()")


@pytest.mark.timeout(sized(600, 3600))
async def test_killed_senders_double_nothing_under_hold_and_lose_nothing_under_resend(
    database: Database, database_url: str, sink: Sink, record_property: Record
):
    outbox, chance = Outbox(database), random.Random(SEED)
    await queue_mails(outbox)

    async with asyncio.timeout(sized(500, 3500)):
        process = send(database_url, sink)
        for kill in range(KILLS):
            # Spread over all mails: transactional ones go first, and both policies are to be hit.
            enough = int((kill + chance.uniform(0.05, 0.95)) * MAILS / KILLS)
            while sink.count() < enough and process.is_alive():
                await asyncio.sleep(0.005)
            successor = send(database_url, sink)  # it starts while the other still sends
            process.kill()
            process.join()
            process = successor
        while process.is_alive():
            await asyncio.sleep(0.05)

    times = Counter(sink.received())
    rows = await outbox.fetch("SELECT id, state, transactional, maybe_duplicate, reason FROM message")
    held = [row for row in rows if not row["transactional"]]
    resent = [row for row in rows if row["transactional"]]
    doubles = [row for row in resent if times[str(row["id"])] > 1]
    unknown = sum(row["state"] == "unknown" for row in held)
    for name, value in (("kills", KILLS), ("mails", MAILS), ("unknown", unknown), ("marked doubles", len(doubles))):
        record_property(name, value)
    assert len(rows) == MAILS
    # hold: none twice; all that are said to be sent arrived; the rest is listed as unknown, with the reason
    assert all(times[str(row["id"])] <= 1 for row in held)
    assert all(times[str(row["id"])] == 1 for row in held if row["state"] == "sent")
    assert {row["state"] for row in held} <= {"sent", "unknown"}
    assert all("worker was gone" in row["reason"] for row in held if row["state"] == "unknown")
    assert unknown <= KILLS * AT_ONCE
    # resend: none lost; doubles are few, and each one is flagged
    assert all(row["state"] == "sent" and times[str(row["id"])] >= 1 for row in resent)
    assert len(doubles) <= KILLS * AT_ONCE
    assert all(row["maybe_duplicate"] for row in doubles)
    # the drill really bites
    assert unknown > 0
    assert any(row["maybe_duplicate"] for row in resent)
