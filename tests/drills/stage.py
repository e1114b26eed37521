"""A stage for drills: real servers, real worker processes that are killed, and an oracle that knows the outcome."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Literal, TypeAlias

from pydantic import SecretStr

from dsl import plan
from engine.config import Settings
from engine.embedded import Endpoints
from engine.flow.accept_events import EventWriter
from engine.flow.checking.load_workspace import load_workspace
from engine.flow.publishing.publish_rules import publish
from engine.storage.database import TROUBLE
from engine.storage.events.events_in import NewEvent
from engine.waker import Waker
from engine.worker import run_worker
from tests.engine.flow.shop import Shop, open_shop, rule, stop
from tests.forking import start

#: pytest's `record_property`.
Record: TypeAlias = Callable[[str, object], None]

_HAPPY = plan.Compare(plan.Property("stars", "number"), ">=", plan.Constant("number", 4))
RULES = (
    rule("welcome", "registered"),
    rule("cart", "cart_abandoned", delay=plan.Length(1, "second"), stops=(stop("order_placed"),)),
    plan.Rule(
        name="thanks",
        file="thanks.rules",
        line=1,
        trigger=plan.EventTrigger(match=plan.EventMatch(events=("review_left",), where=_HAPPY)),
        steps=(plan.Send(channel="email", template="thanks", line=1),),
    ),
)


@dataclass(frozen=True)
class Story:
    """One customer's four events."""

    user: str
    orders: bool
    stars: int

    def events(self, shop: Shop) -> list[NewEvent]:
        return [
            shop.event(self.user, "registered"),
            shop.event(self.user, "cart_abandoned"),
            shop.event(self.user, "order_placed" if self.orders else "page_viewed"),
            shop.event(self.user, "review_left", stars=self.stars),
        ]

    def expected(self) -> Iterator[str]:
        """The oracle: what this customer must get, read off the rules by hand."""
        yield "welcome"
        if not self.orders:
            yield "cart"
        if self.stars >= 4:
            yield "thanks"


def stories(count: int, random: Random) -> list[Story]:
    return [Story(f"{number}", random.random() < 0.5, random.randint(1, 5)) for number in range(count)]


def expected(told: Sequence[Story]) -> Counter[tuple[str, str]]:
    return Counter((f"u:{story.user}", template) for story in told for template in story.expected())


@asynccontextmanager
async def open_workspace(url: str, folder: Path) -> AsyncIterator[Shop]:
    """With the rules and templates of a folder published."""
    workspace = load_workspace(folder)
    assert workspace.plan is not None, workspace.diagnostics
    async with open_shop(url) as shop:
        await publish(shop.runtime.database, workspace.plan, templates=workspace.templates, settings=workspace.settings)
        yield shop


async def made(shop: Shop) -> Counter[tuple[str, str]]:
    rows = await shop.fetch("SELECT c.key, m.template FROM message m JOIN customer c ON c.id = m.customer")
    return Counter((row["key"], row["template"]) for row in rows)


def note(record: Record, told: Sequence[Story], found: Counter[tuple[str, str]], **done: int) -> None:
    """For the report of a night. `done`: what was broken, and how often."""
    wanted = expected(told)
    figures = done | {"events": 4 * len(told), "lost": (wanted - found).total(), "doubled": (found - wanted).total()}
    for name, value in figures.items():
        record(name, value)


async def tell(shop: Shop, waker: Waker, told: Sequence[Story]) -> None:
    """As the API does, twenty stories at once. Where something is refused, it raises Overloaded."""
    writer = EventWriter(shop.runtime.database, waker)
    for place in range(0, len(told), 20):
        await writer.accept([event for story in told[place : place + 20] for event in story.events(shop)])
    await writer.close()


_UNDECIDED = """
    SELECT (SELECT count(*) FROM run WHERE state <> 'ended')
         + (SELECT count(*) FROM event e JOIN partition_cursor c USING (partition)
            WHERE (e.xid, e.seq) > (c.xid, c.seq))
"""


async def until_made(shop: Shop, count: int, *, within_s: float) -> None:
    """So many messages, and nothing left that could make one more. The database may be away meanwhile. Raises
    TimeoutError."""
    async with asyncio.timeout(within_s):
        while not await _is_all_made(shop, count):
            await asyncio.sleep(0.05)


LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_LATE_S = """
    SELECT percentile_cont($1) WITHIN GROUP (
        ORDER BY extract(epoch FROM m.created_at - e.at)::float8 - CASE m.template WHEN 'cart' THEN 1 ELSE 0 END
    )
    FROM message m JOIN (
        SELECT customer, max(received_at) AS at FROM event GROUP BY customer HAVING max(received_at) >= $2
    ) e USING (customer)
"""


async def late_s(shop: Shop, share: float, *, since: datetime = LONG_AGO) -> float:
    """By the database's clock, from the moment at which a message was due until it was made, for this share of those
    that customers got of whom the last event came after `since`. The rule "cart" waits for a second."""
    return float(await shop.value(_LATE_S, share, since))


async def _is_all_made(shop: Shop, count: int) -> bool:
    try:
        found: int = await shop.value("SELECT count(*) FROM message")
        return found >= count and not await shop.value(_UNDECIDED)
    except TROUBLE:
        return False


class Workers:
    """Worker processes, forked from one that has everything loaded, so that a killed one is replaced at once."""

    def __init__(self, endpoints: Endpoints, waker: Literal["arq", "null"], count: int = 2) -> None:
        self._settings = Settings(
            database_url=SecretStr(endpoints.database_url),
            redis_url=SecretStr(endpoints.redis_url),
            waker=waker,
            partitions=8,
        )
        self._alive = [self._start() for _ in range(count)]

    def kill_one(self, random: Random) -> None:
        """kill -9, and another takes its place."""
        index = random.randrange(len(self._alive))
        self._alive[index].kill()
        self._alive[index].join()
        self._alive[index] = self._start()

    def pause_one(self, random: Random) -> Callable[[], None]:
        """SIGSTOP: it keeps its locks and connections and says nothing, until what is returned is called."""
        process = self._alive[random.randrange(len(self._alive))]
        assert process.pid is not None
        pid = process.pid
        os.kill(pid, signal.SIGSTOP)
        return lambda: os.kill(pid, signal.SIGCONT)

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self._alive if process.pid is not None]

    def exit_codes(self) -> list[int | None]:
        """None: it lives."""
        return [process.exitcode for process in self._alive]

    def stop(self) -> list[int | None]:
        """Ask them to end; their exit codes."""
        for process in self._alive:
            process.terminate()
        for process in self._alive:
            process.join(60)
        return [process.exitcode for process in self._alive]

    def end(self) -> None:
        """Returns when they are gone."""
        for process in self._alive:
            process.kill()
        for process in self._alive:
            process.join()

    def _start(self) -> Any:
        return start(run_worker, self._settings)
