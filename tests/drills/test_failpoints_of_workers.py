"""Drill 2: a worker is killed at each failpoint on the road of an event. All are hit, nothing is lost, nothing is
doubled, and what nobody can know is listed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
from pydantic import SecretStr

from api.drill.sink import Sink
from api.drill.stories import Story, tell_stories
from api.drill.verdict import MADE, UNDER_WAY, as_made, judge
from api.drill.workspace import FILES, write_workspace
from engine.config import Settings
from engine.core.identity import anonymous_key, customer_id
from engine.embedded import EmbeddedServices
from engine.storage.events.events_in import NewEvent
from engine.waker import ArqWaker, connect_redis
from tests.drills import armed
from tests.drills.armed import kill_at, was_killed
from tests.drills.events_told import events_told
from tests.drills.sizes import sized
from tests.drills.stage import Record, open_workspace
from tests.engine.flow.shop import Shop
from tests.engine.storage.message_history import counted, reported

SEED = 20261122
ROUNDS = sized(1, 10)  # each of which kills at each failpoint
A_STEP = 3  # stories for each kill
SECRET = "whsec_" + "A" * 43 + "="

#: In the order in which workers are killed: one that settles what is stuck comes after one that left something.
POINTS = (
    "sweep.found", "wake.heard", "wake.begun",
    "decide.read", "decide.written", "decide.moved", "decide.committed", "decide.woken",
    "merge.moved", "merge.told", "poison.written", "poison.committed",
    "claim.locked", "claim.written", "claim.committed", "claim.stuck",
    "send.rendered", "send.answered", "settle.begun", "settle.written", "settle.committed",
    "call.made", "call.answered", "inbox.kept", "mailbox.kept",
    "forget.deleted", "forget.committed", "figures.folded", "figures.committed",
    "quarters.counted", "quarters.added", "quarters.committed",
)  # fmt: skip

MORE_RULES = """
rule "Crm"
  when page_viewed
  call "crm" with id = customer.id

rule "Note"
  when page_viewed
  send inapp "note"
"""


@dataclass
class Receiver:
    """Of calls: counts them by their id."""

    calls: Counter[str] = field(default_factory=Counter)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):  # who called was killed
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            self.calls[head.partition(b"webhook-id: ")[2].partition(b"\r\n")[0].decode()] += 1
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        writer.close()


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[Receiver, int]]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.answer, "127.0.0.1", 0)
    async with server:
        yield receiver, server.sockets[0].getsockname()[1]


@pytest.fixture
async def shop(empty: EmbeddedServices, receiver: tuple[Receiver, int], tmp_path: Path) -> AsyncIterator[Shop]:
    write_workspace(tmp_path)
    settings = FILES["kogda.yaml"] + (
        "channels: {inapp: {}}\n"
        f"webhooks: {{crm: {{url: 'http://127.0.0.1:{receiver[1]}/', secret_env: DRILL_SECRET}}}}\n"
    )
    (tmp_path / "kogda.yaml").write_text(settings)
    (tmp_path / "rules/more.rules").write_text(MORE_RULES)
    (tmp_path / "templates/inapp").mkdir()
    (tmp_path / "templates/inapp/note.txt").write_text("---\ntitle: Hello\n---\nA note\n")
    async with open_workspace(empty.endpoints.database_url, tmp_path) as shop:
        yield shop


def merge_of(shop: Shop, story: Story) -> list[NewEvent]:
    """A browser, known before its customer was."""
    return [shop.anonymous(f"b-{story.user_id}", "page_viewed"), shop.merge(f"b-{story.user_id}", story.user_id)]


async def make_undecidable(shop: Shop) -> UUID:
    """An event that no worker can read, as a bug of ours might write it."""
    poison = shop.event("poison", "page_viewed")
    async with shop.runtime.database.transaction() as connection:
        await connection.execute("LOCK TABLE partition_cursor")
        await shop.post(poison)
        await shop.execute('UPDATE event SET body = body || \'{"cause": {"run": 1}}\' WHERE id = $1', poison.id)
    return poison.id


async def until_quiet(shop: Shop) -> None:
    """Nothing is under way any more. What still is after two tries more is told."""
    try:
        async with asyncio.timeout(150):  # a try that came to nothing is repeated a minute later
            while await shop.value(UNDER_WAY):
                await asyncio.sleep(0.1)
    except TimeoutError:
        left = await shop.fetch(
            "SELECT state, template, attempts, reason, due_at - now() AS due_in, deadline - now() AS leased_for"
            " FROM message WHERE state IN ('queued', 'sending')"
        )
        pytest.fail(f"still under way: {[dict(row) for row in left] or 'no message'}")


LEASES_END = "UPDATE message SET deadline = now() - interval '1s' WHERE state = 'sending'"
OLD_MAIL = """
    INSERT INTO mailbox (message, at, recipient, subject, rule, template, partition, run, raw)
    SELECT gen_random_uuid(), now() - interval '1 year', 'a@b.c', 's', 'r', 't', 0, gen_random_uuid(), ''
"""
#: As an update leaves them that finds messages: to be completed beside what is decided.
FORGOTTEN_QUARTERS = """
    WITH forgotten AS (DELETE FROM figure WHERE grain = 'quarter')
    UPDATE installation SET quarters_since = date_bin('1 hour', now(), '2000-01-01Z') + interval '1 hour'
"""


@pytest.mark.parametrize("seed", range(SEED, SEED + ROUNDS))
async def test_a_worker_that_is_killed_at_any_failpoint_loses_and_doubles_nothing(
    durable: EmbeddedServices, shop: Shop, receiver: tuple[Receiver, int], seed: int, record_property: Record
) -> None:
    random, told = Random(seed), list[Story]()
    waker = ArqWaker(durable.endpoints.redis_url, timeout_s=60)
    redis = connect_redis(durable.endpoints.redis_url, timeout_s=60)
    with Sink() as sink:
        settings = Settings(
            database_url=SecretStr(durable.endpoints.database_url),
            redis_url=SecretStr(durable.endpoints.redis_url),
            smtp_url=SecretStr(sink.url),
            webhooks_private=True,
            partitions=8,
        )
        missed, poison = [], []
        for point in POINTS:
            await shop.execute(LEASES_END)
            await shop.execute("DELETE FROM worker_heartbeat")  # or the next one stands by for the dead
            if point.startswith("forget"):
                await shop.execute(OLD_MAIL)
            if point.startswith("quarters"):
                await shop.execute(FORGOTTEN_QUARTERS)
            if point.startswith("poison"):
                poison.append(await make_undecidable(shop))
            stories = tell_stories(random, first=len(told), count=A_STEP)
            told += stories
            events = events_told(shop, stories)
            await shop.post(*events)
            await shop.post(*merge_of(shop, stories[0]))
            own = settings.model_copy(update={"smtp_url": None}) if point == "mailbox.kept" else settings
            process = armed.worker(own, kill_at(point), DRILL_SECRET=SECRET)
            await redis.flushall()  # flags of who was killed would hide a wake-up, and this one is to be heard
            await waker.wake({event.partition for event in events})
            if not await was_killed(process):
                missed.append(point)
        await shop.execute(LEASES_END)
        await shop.execute("DELETE FROM worker_heartbeat")
        last = armed.worker(settings, DRILL_SECRET=SECRET)
        try:
            await until_quiet(shop)
        finally:
            last.kill()
            last.join()
        await waker.close()
        await redis.aclose(close_connection_pool=True)

    assert missed == []
    in_mailbox = Counter(row["message"] for row in await shop.fetch("SELECT message FROM mailbox WHERE raw <> ''"))
    mails = as_made(await shop.fetch(MADE + " WHERE m.channel = 'email'"))
    verdict = judge(told, mails, sink.arrived + in_mailbox)
    done = {"kills": len(POINTS), "mails": verdict.due, "lost": verdict.lost, "doubled": verdict.twice}
    for name, value in (done | {"unknown": verdict.unknown, "marked": verdict.marked}).items():
        record_property(name, value)
    assert verdict.is_good, verdict
    assert verdict.unknown > 0
    assert verdict.marked > 0, "no kill was in a provider's window: the drill did not bite"
    assert await shop.value("SELECT count(*) FROM run") == await shop.value("SELECT count(DISTINCT id) FROM run")
    merged = await shop.value("SELECT count(*) FROM customer WHERE merged_into IS NOT NULL")
    assert merged == len(POINTS)
    left = [row["subject"] for row in await shop.fetch("SELECT subject FROM quarantine")]
    assert left == [str(event) for event in poison]
    viewed = {customer_id(f"u:{story.user_id}") for story in told if not story.orders}
    viewed |= {customer_id(anonymous_key(f"b-{story.user_id}")) for story in told[::A_STEP]}
    calls = await shop.fetch("SELECT id, state FROM message WHERE channel = 'webhook'")
    assert len(calls) == len(viewed)
    assert {row["state"] for row in calls} == {"sent"}
    assert {f"msg_{row['id'].hex}" for row in calls} == set(receiver[0].calls)
    notes = await shop.fetch(
        "SELECT m.customer, m.state, count(i.id) FROM message m LEFT JOIN inbox_message i ON i.message = m.id"
        " WHERE m.channel = 'inapp' GROUP BY m.id, m.partition, m.customer, m.state"
    )
    # A browser's view and its customer's are two runs; the second note of one minute to one person is held back (S24).
    assert {row["customer"] for row in notes} == {
        customer_id(f"u:{story.user_id}") for place, story in enumerate(told) if not story.orders or place % A_STEP == 0
    }
    assert all(row["count"] == 1 for row in notes if row["state"] == "sent")
    assert all(row["count"] <= 1 for row in notes)
    assert await shop.value("SELECT count(*) FROM mailbox WHERE at < now() - interval '100 days'") == 0
    await assert_reports_are_right(shop)


async def assert_reports_are_right(shop: Shop) -> None:
    """Of all that was decided, and of what was within the last minutes."""
    now = shop.runtime.clock()
    for since in (now - timedelta(days=1), now - timedelta(minutes=20), now - timedelta(minutes=3)):
        figures = await counted(shop.runtime.database, since, now)
        assert figures or since > now - timedelta(days=1)
        assert await reported(shop.runtime.database, since, now) == figures
