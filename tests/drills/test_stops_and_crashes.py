"""Workers that stand still, a database that crashes, connections that are cut: nothing lost, nothing doubled, and
everyone recovers without help."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from struct import unpack

from engine.embedded import EmbeddedServices
from engine.errors import Overloaded
from engine.flow.accept_events import EventWriter
from engine.storage.database import APPLICATION
from engine.storage.events.events_in import NewEvent
from engine.storage.stalled import end_stalled_transactions
from tests.drills.sizes import sized
from tests.drills.stage import RULES, Record, Story, Workers, expected, made, note, stories, until_made
from tests.engine.flow.shop import Shop, open_shop

SEED = 20261122
LONG_S = sized(60, 600)
TAKEN_OVER = sized(3, 20)  # how often others decide what was held, before who held it goes on

AT_A_LOCK = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = $1 AND wait_event_type = 'Lock'
"""
WAITING = """
    SELECT count(*) FROM event e JOIN partition_cursor c USING (partition) WHERE (e.xid, e.seq) > (c.xid, c.seq)
"""
STANDING_STILL = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = $1 AND wait_event = 'ClientRead'
      AND xact_start IS NOT NULL AND state_change < clock_timestamp() - interval '0.05s'
"""


async def accept(writer: EventWriter, events: list[NewEvent]) -> None:
    """As a client does: what was not acknowledged is sent again, with the same ids."""
    while True:
        try:
            await writer.accept(events)
            return
        except Overloaded:
            await asyncio.sleep(0.1)


async def until_working(shop: Shop, count: int) -> None:
    """Until they have begun: from then on what happens to them is the drill."""
    async with asyncio.timeout(LONG_S):
        while await shop.value("SELECT count(*) FROM worker_heartbeat") < count:
            await asyncio.sleep(0.05)


async def assert_exact(shop: Shop, told: list[Story]) -> None:
    assert await made(shop) == expected(told)
    assert await shop.value("SELECT count(*) FROM quarantine WHERE what <> 'message'") == 0
    assert await shop.value("SELECT count(*) FROM run WHERE state <> 'ended' AND wake_at < now() - interval '5s'") == 0


async def pause_inside_a_transaction(
    shop: Shop, workers: Workers, post: Awaitable[None], random: Random
) -> Callable[[], None]:
    """Stop a worker while `post` is decided. Who decides is held up first, where new customers are written, so most
    often it is one that has a transaction open. The lock is none that has a number: events after that would wait."""
    async with shop.runtime.database.transaction() as ours:
        await ours.execute("LOCK TABLE customer IN EXCLUSIVE MODE")
        await post
        async with asyncio.timeout(LONG_S):
            while not await shop.value(AT_A_LOCK, APPLICATION):
                await asyncio.sleep(0.005)
        return workers.pause_one(random)


async def stands_still(shop: Shop) -> bool:
    """Whether who was stopped has a transaction open. What it asked last may take a while on a busy machine."""
    for _ in range(6):
        await asyncio.sleep(0.05)
        if await shop.value(STANDING_STILL, APPLICATION):
            return True
    return False


async def until_taken_over(shop: Shop) -> None:
    """Until the others have decided all events."""
    async with asyncio.timeout(LONG_S):
        while await shop.value(WAITING):
            await asyncio.sleep(0.02)


async def test_workers_that_stand_still_beyond_their_transaction_are_replaced_and_fenced(
    durable: EmbeddedServices, shop: Shop, record_property: Record
) -> None:
    random = Random(SEED)
    told = stories(sized(600, 2500), random)  # a stop for each 25
    workers = Workers(durable.endpoints, "arq", count=3)
    writer = EventWriter(shop.runtime.database, shop.runtime.waker)
    ended = taken_over = 0
    try:
        await until_working(shop, 3)
        for start in range(0, len(told), 25):
            post = accept(writer, [event for story in told[start : start + 25] for event in story.events(shop)])
            go_on = await pause_inside_a_transaction(shop, workers, post, random)
            if await stands_still(shop):
                await asyncio.sleep(random.uniform(0.2, 0.5))
                async with shop.runtime.database.connection() as connection:
                    now_ended = await end_stalled_transactions(connection, timedelta(seconds=0.25))
                ended += now_ended
                if now_ended and taken_over < TAKEN_OVER:
                    await until_taken_over(shop)
                    taken_over += 1
                await asyncio.sleep(random.uniform(0.0, 0.2))
            go_on()
        await until_made(shop, expected(told).total(), within_s=LONG_S)
        codes = workers.exit_codes()
    finally:
        workers.end()
        await writer.close()

    note(record_property, told, await made(shop), stops=len(told) // 25, transactions_ended=ended)
    await assert_exact(shop, told)
    assert codes == [None] * 3
    assert ended > 0, "no worker stood still inside a transaction: the drill did not bite"


async def test_four_workers_under_load_with_kills_lose_and_double_nothing(
    durable: EmbeddedServices, shop: Shop, record_property: Record
) -> None:
    random = Random(SEED)
    told = stories(sized(800, 4000), random)  # a kill for each 40
    workers = Workers(durable.endpoints, "arq", count=4)
    writer = EventWriter(shop.runtime.database, shop.runtime.waker)
    try:
        for start in range(0, len(told), 40):
            await accept(writer, [event for story in told[start : start + 40] for event in story.events(shop)])
            workers.kill_one(random)
        await until_made(shop, expected(told).total(), within_s=LONG_S)
    finally:
        workers.end()
        await writer.close()

    note(record_property, told, await made(shop), kills=len(told) // 40)
    await assert_exact(shop, told)


async def test_a_database_that_crashes_under_load_costs_nothing_that_was_acknowledged(
    durable: EmbeddedServices, shop: Shop, record_property: Record
) -> None:
    random = Random(SEED)
    told = stories(500, random)
    workers = Workers(durable.endpoints, "arq", count=2)
    writer = EventWriter(shop.runtime.database, shop.runtime.waker)
    slowest = 0.0
    try:
        await until_working(shop, 2)
        for start in range(0, len(told), 100):
            telling = asyncio.create_task(
                accept(writer, [event for story in told[start : start + 100] for event in story.events(shop)])
            )
            await asyncio.sleep(random.uniform(0.0, 0.3))
            durable.postgres.kill()
            durable.postgres.start()  # in this thread: the kernel ends a child with the thread that made it
            began = time.monotonic()
            await telling
            slowest = max(slowest, time.monotonic() - began)
        await until_made(shop, expected(told).total(), within_s=LONG_S)
        codes = workers.exit_codes()
    finally:
        workers.end()
        await writer.close()

    note(record_property, told, await made(shop), crashes=5)
    await assert_exact(shop, told)
    assert codes == [None, None], "workers live through a crash of the database"
    assert slowest < 30


async def until_asked_by(workers: Workers, sockets: Path) -> None:
    """In the place of the server, until each worker has tried to reach it; we hang up, as a server does that ends."""
    left, place = set(workers.pids), sockets / ".s.PGSQL.5432"

    def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        caller: socket.socket = writer.get_extra_info("socket")
        left.discard(unpack("3i", caller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0])
        writer.close()

    place.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(hang_up, str(place))
    async with asyncio.timeout(LONG_S):
        while left:
            await asyncio.sleep(0.01)
    server.close()
    place.unlink(missing_ok=True)


async def test_workers_that_start_while_the_database_does_wait_for_it(durable: EmbeddedServices, shop: Shop) -> None:
    told = stories(50, Random(SEED))
    writer = EventWriter(shop.runtime.database, shop.runtime.waker)
    await accept(writer, [event for story in told for event in story.events(shop)])
    durable.postgres.kill()
    workers = Workers(durable.endpoints, "arq", count=2)
    try:
        await until_asked_by(workers, durable.postgres.sockets)
        durable.postgres.start()
        await until_made(shop, expected(told).total(), within_s=LONG_S)
        codes = workers.exit_codes()
    finally:
        if not durable.postgres.is_running:
            durable.postgres.start()
        workers.end()
        await writer.close()

    await assert_exact(shop, told)
    assert codes == [None, None]


async def test_connections_that_are_cut_all_the_time_cost_nothing(
    durable: EmbeddedServices, shop: Shop, record_property: Record
) -> None:
    random = Random(SEED)
    told = stories(sized(600, 3000), random)
    workers = Workers(durable.endpoints, "arq", count=2)
    writer = EventWriter(shop.runtime.database, shop.runtime.waker)
    try:
        await until_working(shop, 2)
        async with open_shop(durable.endpoints.database_url, *RULES) as operator:
            for start in range(0, len(told), 50):
                telling = asyncio.create_task(
                    accept(writer, [event for story in told[start : start + 50] for event in story.events(shop)])
                )
                for _ in range(3):
                    await asyncio.sleep(random.uniform(0.0, 0.1))
                    await operator.execute(
                        """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                           WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"""
                    )
                await telling
        await until_made(shop, expected(told).total(), within_s=LONG_S)
        codes = workers.exit_codes()
    finally:
        workers.end()
        await writer.close()

    note(record_property, told, await made(shop), cuts=len(told) // 50 * 3)
    await assert_exact(shop, told)
    assert codes == [None, None]
