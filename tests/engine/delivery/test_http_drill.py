"""Drill 15, from the row's side: whatever a receiver by HTTP does, a call ends in the right state with its reason,
comes back when it was asked to, and is the same call when it does."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from engine.channels.http_post import HttpPoster
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.resting import Resting
from engine.storage.database import Database
from tests.channels.http_sink import NO_CONTENT, HttpSink, answer
from tests.drills.sizes import sized
from tests.engine.delivery.outbox import SETTINGS, Outbox

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
ENDLESS = "HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n" + "x" * 100_000
CALLS = 60

#: What the receiver says, the state of the row, the end of its reason, and how many seconds it waits at least.
CASES: list[tuple[str, str, str | None, int]] = [
    (NO_CONTENT, "sent", None, 0),
    (ENDLESS, "sent", None, 0),
    (answer(302, "location: http://127.0.0.1/"), "failed", "answered 302; redirects are not followed", 0),
    *((answer(status), "failed", f"answered {status}", 0) for status in (400, 401, 403, 404, 410, 422)),
    *((answer(status), "queued", f"answered {status}", 30) for status in (408, 425, 429, 500, 502, 503, 504)),
    (answer(429, "retry-after: 7200"), "queued", "answered 429", 7200),
    (answer(503, "retry-after: 7200"), "queued", "answered 503", 7200),
    (answer(503, "retry-after: Fri, 31 Dec 9999 23:59:59 GMT"), "queued", "answered 503", 86_000),
    (answer(503, "retry-after: -5"), "queued", "answered 503", 30),
    ("nonsense\r\n\r\n", "queued", "RemoteProtocolError", 30),
    ("drop", "queued", "RemoteProtocolError", 30),
    *sized([], [("hang", "queued", "ReadTimeout", 30)]),
]


async def this_machine(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


@pytest.fixture
async def outbox(database: Database) -> Outbox:
    outbox = Outbox(database)
    await outbox.customer()
    outbox.runtime.secrets = {"SECRET": SECRET}
    return outbox


async def publish(outbox: Outbox, ports: dict[str, int]) -> None:
    targets: dict[str, Any] = {
        name: {"url": f"http://{name}.example:{port}/", "secret_env": "SECRET"} for name, port in ports.items()
    }
    await outbox.publish(settings={**SETTINGS, "webhooks": targets})


async def call(outbox: Outbox, target: str, number: int = 0) -> UUID:
    context = {"with": {"number": number}}
    name = f"{target} {number}"
    return await outbox.message(name, channel="webhook", template=target, context=context, transactional=True)


async def test_whatever_the_receiver_does_the_row_says_it(outbox: Outbox):
    outbox.runtime.poster = HttpPoster(allows_private=True, resolve=this_machine)
    async with AsyncExitStack() as sinks:
        ports = {}
        for number, (said, *_) in enumerate(CASES):
            sink = await sinks.enter_async_context(HttpSink(lambda _, said=said: said).running())
            ports[f"case-{number}"] = sink.port
        await publish(outbox, ports)
        messages = [await call(outbox, name) for name in ports]
        [[began]] = await outbox.fetch("SELECT now()")

        await deliver_messages(outbox.runtime, at_once=2 * len(CASES))
        await outbox.runtime.poster.close()

    rows = [await outbox.row(message) for message in messages]
    for (said, state, reason, wait_s), row in zip(CASES, rows, strict=True):
        assert (row["state"], row["attempts"]) == (state, 1), said
        assert (row["reason"] or "").endswith(reason or ""), said
        assert bool(row["reason"]) is bool(reason), said
        assert state != "queued" or row["due_at"] >= began + timedelta(seconds=wait_s), said


async def test_a_receiver_that_fails_for_three_calls_in_ten_gets_each_of_them_and_knows_it_again(outbox: Outbox):
    def script(number: int) -> str:
        return answer(500) if number % 10 in (1, 4, 8) else NO_CONTENT

    outbox.runtime.poster = HttpPoster(allows_private=True, resolve=this_machine, rest=Resting())
    async with HttpSink(script).running() as sink:
        await publish(outbox, {"crm": sink.port})
        for number in range(CALLS):
            await call(outbox, "crm", number)

        rounds = await delivered_in(outbox)
        await outbox.runtime.poster.close()

    ids = [headers["webhook-id"] for _, headers, _ in sink.requests]
    taken = Counter(each for number, each in enumerate(ids) if script(number) == NO_CONTENT)
    attempts = Counter({row["id"]: row["attempts"] for row in await outbox.fetch("SELECT id, attempts FROM message")})
    bodies = {headers["webhook-id"]: body for _, headers, body in sink.requests}
    assert len(taken) == CALLS
    assert set(taken.values()) == {1}
    assert attempts.total() == len(ids) > CALLS
    assert len(set(bodies.values())) == CALLS
    assert rounds > 1, "nothing failed: the drill did not bite"


async def delivered_in(outbox: Outbox) -> int:
    """Rounds until nothing is queued; what waits for its next try is due at once."""
    rounds = 0
    while await outbox.fetch("SELECT FROM message WHERE state = 'queued' LIMIT 1"):
        assert rounds < 20
        rounds += 1
        await deliver_messages(outbox.runtime)
        await outbox.change("UPDATE message SET due_at = now() WHERE state = 'queued'")
    return rounds
