"""Mails a second of one worker: claimed, rendered, handed over by SMTP and settled, beside bare aiosmtplib."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from uuid import UUID

import asyncpg
import uvloop
from aiosmtplib import SMTP

from benchmarks import shop
from benchmarks.report import Figure
from benchmarks.stand import Stand, free_port
from engine.config import read_settings
from engine.core.identity import customer_id, derived_id, partition_of
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.runtime import open_runtime

MAILS = 3_000
CONNECTIONS = 8
RULES = 'rule "note"\n  when order_placed send email "note"\n'


def measure(*, mails: int = MAILS) -> list[Figure]:
    with Stand(RULES, shop.SCHEMA, shop.TEMPLATES) as stand, _sink() as port:
        ours, bare = uvloop.run(_both(stand.database_url, port, mails))
    how = f"{mails:,} mails, one worker, {CONNECTIONS} connections each, aiosmtpd in a process of its own"
    return [
        Figure(what="mails of bare aiosmtplib", value=bare, unit="mails/s", detail="one text, no database"),
        Figure(what="mails claimed, rendered, handed over, settled", value=ours, unit="mails/s", detail=how),
        Figure(
            what="mails as a share of bare aiosmtplib",
            value=ours / bare,
            unit="x",
            goal=0.6,
            detail="in the same run",
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


async def _both(url: str, port: int, mails: int) -> tuple[float, float]:
    """Bare before and after ours, and the mean of both, since a machine's speed drifts."""
    await _bare(port, mails // 10)
    before = await _bare(port, mails)
    ours = await _ours(url, port, mails)
    return ours, (before + await _bare(port, mails)) / 2


async def _bare(port: int, mails: int) -> float:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "shop@example.com", "anna@example.com", "A note for you"
    mail.set_content("Hello there, here is a note for you.\n" * 10)

    async def send(count: int) -> None:
        client = SMTP(hostname="127.0.0.1", port=port)
        await client.connect()
        for _ in range(count):
            await client.send_message(mail)
        await client.quit()

    began = time.perf_counter()
    await asyncio.gather(*(send(mails // CONNECTIONS) for _ in range(CONNECTIONS)))
    return mails / (time.perf_counter() - began)


async def _ours(url: str, port: int, mails: int) -> float:
    smtp = f"smtp://127.0.0.1:{port}?connections={CONNECTIONS + 1}"  # one stays free for service mails
    settings = read_settings(database_url=url, smtp_url=smtp, waker="null")
    async with open_runtime(settings) as runtime:
        await _queue(url, runtime.partitions, 0, mails // 10)
        await deliver_messages(runtime)
        await _queue(url, runtime.partitions, mails // 10, mails)
        began = time.perf_counter()
        delivered = await deliver_messages(runtime)
        seconds = time.perf_counter() - began
    if delivered.counts["sent"] != mails:
        raise RuntimeError(f"of {mails} mails: {dict(delivered.counts)}")
    return mails / seconds


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
