"""A process that stands still inside a transaction must not hold its partitions for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

from engine.storage.events.cursors import lock_cursors
from engine.storage.stalled import end_stalled_transactions
from tests.engine.flow.shop import open_shop, rule


async def test_a_transaction_that_stands_still_in_a_copy_gives_its_partition_back(database_url: str) -> None:
    async with open_shop(database_url, rule("welcome", "registered"), partitions=1) as shop:
        await shop.post(shop.event("1", "registered"))
        locked, go_on = asyncio.Event(), asyncio.Event()

        async def stand_still() -> None:
            async def never() -> AsyncIterator[bytes]:
                locked.set()
                await go_on.wait()
                yield b""

            async with shop.runtime.database.transaction() as connection:
                await lock_cursors(connection, [0])
                await connection.copy_to_table("mailbox", source=never())

        worker = asyncio.create_task(stand_still())
        await locked.wait()
        held = await shop.advance()
        async with asyncio.timeout(60):
            while await shop.value("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%'") == 0:
                await asyncio.sleep(0.01)

        async with shop.runtime.database.connection() as connection:
            spared = await end_stalled_transactions(connection, timedelta(minutes=1))
            ended = await end_stalled_transactions(connection, timedelta(0))

        go_on.set()
        await asyncio.wait([worker])
        assert worker.exception() is not None
        assert (held.busy, spared, ended) == ({0}, 0, 1)
        assert (await shop.advance()).events == 1
