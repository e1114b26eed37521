"""Drills 9, 11, 21 and 23: an answer that is lost, a call of the database that fails, a publication on the way, events
that come twice, late and out of order."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote
from uuid import UUID

import asyncpg
import orjson
import pytest

from dsl import plan
from engine.embedded import EmbeddedServices
from engine.errors import Overloaded
from engine.flow.accept_events import EventWriter
from engine.flow.advancing.advance_partition import advance_partitions
from engine.storage.database import TROUBLE, Database
from tests.drills.cut_proxy import COMMITTED, STORED, CutProxy, cutting
from tests.drills.sizes import sized
from tests.drills.stage import RULES, Story, expected, made, stories
from tests.engine.flow.shop import Shop, open_shop, rule, send

SEED = 20261122
WAIT = plan.Wait(length=plan.Length(1, "day"), line=1)
#: What it does twice is seen.
COUNTS = rule(
    "counts",
    "registered",
    plan.ChangeNumber(name="visits", by=plan.Constant("number", 1), sign=1, line=2),
    plan.Points(amount=10, add=True, line=3),
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """With a short name: it is a socket's."""
    with tempfile.TemporaryDirectory(prefix="kogda-cut-") as name:
        yield Path(name)


async def decide(shop: Shop) -> None:
    """As a lane does: what failed for a moment is done again, and a sweep looks until nothing is left."""
    left: frozenset[int] = frozenset(range(shop.partitions))
    while left:
        try:
            progress = await advance_partitions(shop.runtime, left)
        except TROUBLE:
            continue
        left = progress.more | progress.busy | (left if progress else frozenset())


async def tell(shop: Shop, told: list[Story], *, at_once: int = 5) -> None:
    writer = EventWriter(shop.runtime.database, shop.runtime.waker)
    for start in range(0, len(told), at_once):
        events = [event for story in told[start : start + at_once] for event in story.events(shop)]
        while True:
            try:
                await writer.accept(events)
                break
            except Overloaded:
                continue
    await writer.close()


async def test_an_answer_to_a_commit_that_is_lost_neither_loses_nor_doubles(
    services: EmbeddedServices, database_url: str, folder: Path
) -> None:
    told = stories(120, Random(SEED))
    through = database_url.replace(quote(str(services.postgres.sockets), safe=""), quote(str(folder), safe=""))
    assert through != database_url
    async with cutting(services.postgres.sockets, folder) as proxy, open_shop(database_url, *RULES) as shop:
        shop.runtime.database = Database(through)
        await shop.runtime.database.open()

        await lose_answers(proxy, shop, told)

        await shop.runtime.database.close()
        shop.runtime.database = Database(database_url)
        await shop.runtime.database.open()
        await shop.let_time_pass(timedelta(seconds=5))
        await decide(shop)
        assert await shop.value("SELECT count(*) FROM event") == 4 * len(told)
        assert await made(shop) == expected(told)
        assert await shop.value("SELECT count(*) FROM quarantine") == 0
        await shop.runtime.database.close()


async def lose_answers(proxy: CutProxy, shop: Shop, told: list[Story]) -> None:
    """Two in each round: one of the intake, of a single statement or of many events in a transaction, and one of a
    decision."""
    left, few, rounds = told, True, 0
    while left:
        now, left = (left[:5], left[5:]) if few else (left[:15], left[15:])
        proxy.cuts = (STORED,) if few else (COMMITTED,)
        await tell(shop, now, at_once=len(now))
        proxy.cuts = (COMMITTED,)
        await decide(shop)
        few, rounds = not few, rounds + 1
        assert proxy.lost == 2 * rounds, "the drill did not bite"
    assert rounds > 8


class Failing:
    """A connection of which the N-th call fails: as when the server goes."""

    def __init__(self, connection: Any, calls: Iterator[int], nth: int) -> None:
        self._connection, self._calls, self._nth = connection, calls, nth

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._connection, name)
        if name not in ("fetch", "fetchrow", "fetchval", "execute", "executemany", "copy_records_to_table"):
            return found

        async def call(*arguments: Any, **options: Any) -> Any:
            if next(self._calls) == self._nth:
                raise asyncpg.ConnectionDoesNotExistError("the drill ends this connection")
            return await found(*arguments, **options)

        return call


class FailingDatabase(Database):
    """Its N-th call fails, whatever it is; `each_time`: that of every connection that is taken from the pool."""

    nth = 0
    calls: Iterator[int] = iter(())
    each_time = False

    def fail(self, nth: int, *, each_time: bool = False) -> None:
        self.nth, self.calls, self.each_time = nth, count(1), each_time

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        async with super().connection() as connection:
            yield Failing(connection, count(1) if self.each_time else self.calls, self.nth)


#: A statement for each table, of how many rows it has and a digest of them.
TABLES = """
    SELECT format('SELECT %1$L, count(*), sum(hashtextextended(t::text, 0)) FROM %1$s t', oid::regclass)
    FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""


async def test_the_nth_call_of_a_batch_fails_for_every_n_and_leaves_the_state_before_or_after(
    database_url: str,
) -> None:
    async with open_shop(database_url, *RULES, COUNTS) as shop:
        failing = FailingDatabase(database_url)
        await failing.open()
        plain, told, nth = shop.runtime.database, list[Story](), 0
        is_through = False
        while not is_through:
            nth += 1
            story = Story(f"{nth}", orders=False, stars=5)
            told.append(story)
            await shop.post(*story.events(shop))
            before = await state_of(plain)
            failing.fail(nth)
            shop.runtime.database = failing
            try:
                await advance_partitions(shop.runtime, range(shop.partitions))
                is_through = next(failing.calls) <= nth
            except TROUBLE:
                assert await state_of(plain) == before
            shop.runtime.database = plain
            await decide(shop)
            await shop.let_time_pass(timedelta(seconds=5))
            await decide(shop)
            assert await made(shop) == expected(told)
        await failing.close()
        counted = await shop.fetch("SELECT attributes -> 'visits' AS visits, points FROM customer")

    assert [tuple(row) for row in counted] == [(1, 10)] * len(told)
    assert nth > 8, "a batch has more calls than that"


async def test_a_database_that_goes_in_the_midst_of_every_batch_is_blamed_on_no_event(database_url: str) -> None:
    told = stories(3, Random(SEED))
    async with open_shop(database_url, *RULES) as shop:
        plain, failing = shop.runtime.database, FailingDatabase(database_url)
        await failing.open()
        await shop.post(*(event for story in told for event in story.events(shop)))
        shop.runtime.database = failing
        for nth in range(1, 9):
            failing.fail(nth, each_time=True)
            with pytest.raises(TROUBLE):
                await advance_partitions(shop.runtime, range(shop.partitions))
        await failing.close()
        shop.runtime.database = plain

        await decide(shop)
        await shop.let_time_pass(timedelta(seconds=5))
        await decide(shop)

        assert await shop.value("SELECT count(*) FROM quarantine") == 0
        assert await made(shop) == expected(told)


async def state_of(database: Database) -> set[tuple[Any, ...]]:
    """Of every table."""
    async with database.connection() as connection:
        statements = [row[0] for row in await connection.fetch(TABLES)]
        return {tuple(row) for row in await connection.fetch(" UNION ALL ".join(statements))}


async def test_with_every_connection_of_the_pool_taken_requests_wait_and_nothing_is_lost(database_url: str) -> None:
    told = stories(30, Random(SEED))
    async with open_shop(database_url, *RULES) as shop, asyncio.timeout(120):
        taken = [shop.runtime.database.connection() for _ in range(10)]
        for connection in taken:
            await connection.__aenter__()
        telling = asyncio.create_task(tell(shop, told))
        deciding = asyncio.create_task(decide(shop))
        done, _ = await asyncio.wait([telling, deciding], timeout=0.2)

        for connection in taken:
            await connection.__aexit__(None, None, None)
        await asyncio.gather(telling, deciding)
        await decide(shop)
        await shop.let_time_pass(timedelta(seconds=5))
        await decide(shop)

        assert done == set()
        assert await made(shop) == expected(told)


def version(name: str) -> plan.Rule:
    """Of one rule: which template it sends after its wait."""
    return rule("cart", "cart_abandoned", WAIT, send(name))


async def test_a_rule_that_is_replaced_under_way_and_put_back_finishes_everybody_on_their_own_version(
    database_url: str,
) -> None:
    async with open_shop(database_url, version("first")) as shop:
        people = sized(400, 3400)
        await shop.post(*(shop.event(f"a{number}", "cart_abandoned") for number in range(people)))
        await shop.advance()
        await shop.publish(version("second"))
        await shop.post(*(shop.event(f"b{number}", "cart_abandoned") for number in range(people)))
        await shop.advance()
        await shop.publish(rule("other", "registered"))  # their rule is no more
        await shop.publish(version("first"))
        await shop.post(*(shop.event(f"c{number}", "cart_abandoned") for number in range(people)))
        await shop.advance()

        await shop.let_time_pass(timedelta(days=1, minutes=1))
        await decide(shop)

        rows = await shop.fetch(
            "SELECT substr(c.key, 3, 1) AS who, m.template FROM message m JOIN customer c ON c.id = m.customer"
        )
        assert Counter((row["who"], row["template"]) for row in rows) == {
            ("a", "first"): people,
            ("b", "second"): people,
            ("c", "first"): people,
        }
        assert await shop.value("SELECT count(*) FROM run WHERE state NOT IN ('ended', 'sending')") == 0


async def test_batches_that_come_five_times_and_in_any_order_count_once_as_they_came_first(database_url: str) -> None:
    random = Random(SEED)
    told = stories(80, random)
    async with open_shop(database_url, *RULES) as shop:
        batches = [list(story.events(shop)) for story in told]
        writer = EventWriter(shop.runtime.database, shop.runtime.waker)
        for times in range(3):
            random.shuffle(batches)
            if times:
                for batch in batches:  # a statement for each, and not one for all
                    await writer.accept(batch)
            await asyncio.gather(*(writer.accept(batch) for batch in batches))
            if times == 1:
                await decide(shop)
        first = await bodies(shop)
        changed = [
            event._replace(body=orjson.Fragment(b'{"key":"u:0","properties":{}}'))
            for batch in batches
            for event in batch
        ]
        assert (await writer.accept(changed)).duplicates == len(changed)
        await writer.close()
        await decide(shop)
        await shop.let_time_pass(timedelta(seconds=5))
        await decide(shop)

        assert await shop.value("SELECT count(*) FROM event") == 4 * len(told)
        assert await made(shop) == expected(told)
        assert await bodies(shop) == first


async def bodies(shop: Shop) -> dict[UUID, Any]:
    return {row["id"]: row["body"] for row in await shop.fetch("SELECT id, body FROM event")}
