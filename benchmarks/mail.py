"""Mails a second of one worker: claimed, rendered, handed over by SMTP and settled, beside bare aiosmtplib.

The bare one sends as many bytes to the same sink over as many connections, from a process whose garbage collection is
tuned as a worker's. It writes each mail by EmailMessage, as who uses aiosmtplib alone does; what it reaches with bytes
that are ready is told beside it.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP as SMTP_LINES
from typing import TypeAlias
from uuid import UUID

import asyncpg
import uvloop
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from aiosmtplib import SMTP

from benchmarks import shop
from benchmarks.report import Figure
from benchmarks.stand import Stand, free_port
from engine.config import Settings, read_settings
from engine.core.identity import customer_id, derived_id, partition_of
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.runtime import Runtime, open_runtime
from engine.worker.process import tune_garbage_collection

MAILS = 3_000
CONNECTIONS = 8
Send: TypeAlias = Callable[[SMTP], Awaitable[object]]
RULES = 'rule "note"\n  when order_placed send email "note"\n'


def measure(*, mails: int = MAILS) -> list[Figure]:
    tune_garbage_collection()
    with Stand(RULES, shop.SCHEMA, shop.TEMPLATES) as stand, _sink() as port:
        ours, written, ready, size = uvloop.run(_all(stand.database_url, port, mails))
    how = f"{mails:,} mails, one worker, {CONNECTIONS} connections each, aiosmtpd in a process of its own"
    return [
        Figure(what="mails of bare aiosmtplib", value=written, unit="mails/s", detail=f"no database, {size}"),
        Figure(what="mails claimed, rendered, handed over, settled", value=ours, unit="mails/s", detail=how),
        Figure(
            what="mails as a share of bare aiosmtplib",
            value=ours / written,
            unit="x",
            goal=0.6,
            detail="in the same run",
        ),
        Figure(
            what="the same, when bare aiosmtplib has its mails ready",
            value=ours / ready,
            unit="x",
            detail=f"the bytes of one of ours, {ready:.0f} mails/s; in the same run",
        ),
    ]


@contextmanager
def _sink() -> Iterator[int]:
    """An SMTP server that forgets what it takes; its port."""
    port = free_port()
    command = [sys.executable, "-m", "aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Sink", "-l", f"127.0.0.1:{port}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await_listening(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


def _await_listening(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the SMTP sink does not listen")


async def _all(url: str, port: int, mails: int) -> tuple[float, float, float, str]:
    """Ours, and those that are written and ready; both before and after ours, since a machine's speed drifts."""
    raw = await _one_of_ours(url)
    mail = _as_big_as(raw)
    written: Send = lambda client: client.send_message(mail)  # noqa: E731
    ready: Send = lambda client: client.sendmail("shop@example.com", ["anna@example.com"], raw)  # noqa: E731
    await _bare(port, mails // 10, written)
    before = [await _bare(port, mails, each) for each in (written, ready)]
    ours = await _ours(url, port, mails)
    after = [await _bare(port, mails, each) for each in (written, ready)]
    size = f"one text of {len(mail.as_bytes(policy=SMTP_LINES)):,} bytes; ours have {len(raw):,}"
    return ours, (before[0] + after[0]) / 2, (before[1] + after[1]) / 2, size


class _Kept:
    content = b""

    async def handle_DATA(self, server: object, session: object, envelope: Envelope) -> str:
        if isinstance(envelope.content, bytes):  # nothing decodes it
            self.content = envelope.content
        return "250 taken"


async def _one_of_ours(url: str) -> bytes:
    """As it reaches a server."""
    kept = _Kept()
    server = Controller(kept, hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        async with open_runtime(_settings(url, server.port)) as runtime:
            await _deliver(runtime, url, range(-1, 0))
    finally:
        server.stop()
    return kept.content


def _as_big_as(raw: bytes) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Shop <shop@example.com>", "anna@example.com", "A note for you"
    lines = 1
    while len(mail.as_bytes(policy=SMTP_LINES)) < len(raw):
        mail.set_content("Hello there, here is a note for you.\n" * lines)
        lines += 1
    return mail


async def _bare(port: int, mails: int, send: Send) -> float:
    async def send_some(count: int) -> None:
        client = SMTP(hostname="127.0.0.1", port=port)
        await client.connect()
        for _ in range(count):
            await send(client)
        await client.quit()

    began = time.perf_counter()
    await asyncio.gather(*(send_some(mails // CONNECTIONS) for _ in range(CONNECTIONS)))
    return mails / (time.perf_counter() - began)


async def _ours(url: str, port: int, mails: int) -> float:
    async with open_runtime(_settings(url, port)) as runtime:
        await _deliver(runtime, url, range(mails // 10))
        return mails / await _deliver(runtime, url, range(mails // 10, mails // 10 + mails))


def _settings(url: str, port: int) -> Settings:
    smtp = f"smtp://127.0.0.1:{port}?connections={CONNECTIONS + 1}"  # one stays free for service mails
    return read_settings(database_url=url, smtp_url=smtp, waker="null")


async def _deliver(runtime: Runtime, url: str, numbers: range) -> float:
    """Seconds."""
    await _queue(url, runtime.partitions, numbers.start, len(numbers))
    began = time.perf_counter()
    delivered = await deliver_messages(runtime)
    seconds = time.perf_counter() - began
    if delivered.counts["sent"] != len(numbers):
        raise RuntimeError(f"of {len(numbers)} mails: {dict(delivered.counts)}")
    return seconds


async def _queue(url: str, partitions: int, first: int, count: int) -> None:
    """Messages that are due, each of a customer and an ended run of its own, as the engine writes them."""
    connection = await asyncpg.connect(url)
    customers = [(f"u:{number}", number) for number in range(first, first + count)]
    ids = [customer_id(key) for key, _ in customers]
    places = [partition_of(each, partitions) for each in ids]
    runs = [derived_id("run", key) for key, _ in customers]
    await connection.execute(
        "INSERT INTO customer (partition, id, key, email, attributes)"
        " SELECT p, c, k, substr(k, 3) || '@example.com', '{\"city\": \"Berlin\"}'"
        " FROM unnest($1::smallint[], $2::uuid[], $3::text[]) AS g (p, c, k)",
        places,
        ids,
        [key for key, _ in customers],
    )
    await queue_messages(connection, places, ids, runs)
    await connection.execute("ANALYZE")
    await connection.close()


async def queue_messages(
    connection: asyncpg.Connection, places: list[int], customers: list[UUID], runs: list[UUID]
) -> None:
    """One that is due for each customer, of a run that has ended."""
    await connection.execute(
        "INSERT INTO run (partition, id, customer, rule, rule_set, state, began_at, end_reason, body)"
        " SELECT p, r, c, 'note', 1, 'ended', now(), 'finished', '{}'"
        " FROM unnest($1::smallint[], $2::uuid[], $3::uuid[]) AS g (p, c, r)",
        places,
        customers,
        runs,
    )
    await connection.execute(
        "INSERT INTO message (partition, id, customer, run, rule, rule_set, step, channel, template, context,"
        " transactional, due_at) SELECT p, r, c, r, 'note', 1, 0, 'email', 'note', '{\"event\": {}, \"with\": {}}',"
        " false, now() FROM unnest($1::smallint[], $2::uuid[], $3::uuid[]) AS g (p, c, r)",
        places,
        customers,
        runs,
    )
