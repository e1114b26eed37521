"""Plays the day at its pace, and watches that every mail it must lead to arrives."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from api.demo.day import BEGINS, ENDS, Day, Happening
from api.demo.outbox import Outbox, Totals
from api.demo.screen import Screen
from api.demo.sender import Sender
from api.promo_files import new_codes, shortest_length
from dsl.messages import say
from engine.storage.database import Connection
from engine.storage.runs.promo_codes import add_codes, live_pools

_TICK_S = 0.1
_LOOK_EVERY = 5  # ticks between two looks at the outbox
_NIGHT_HOURS = 5.0  # the longest wait that the day's mails need, and some more
_PATIENCE_S = 30.0  # with a server that has work and does none of it
_CODES = 1000  # in each pool of promo codes


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    totals: Totals
    missing: Mapping[tuple[str, str], str]  # mails that should have arrived, by address and template; and why not
    refused: tuple[str, ...]  # what the Segment client gave up on
    is_whole: bool  # False: a signal came before the day was over


@dataclass(slots=True)
class Stage:
    """What the day is played on. `tend` is called at each tick and says whether to go on."""

    day: Day
    sender: Sender
    outbox: Outbox
    screen: Screen
    hour_s: float
    tend: Callable[[], bool]


async def play(stage: Stage) -> Played:
    is_whole = await _play_day(stage)
    if is_whole:
        await asyncio.to_thread(stage.sender.finish)
        is_whole = await _wait_for_mails(stage)
    missing = stage.day.expected - stage.outbox.mails
    fates = await stage.outbox.fates(missing)
    totals = await stage.outbox.totals()
    return Played(
        totals=totals,
        missing={each: fates.get(each, say("no rule has sent it")) for each in missing},
        refused=tuple(stage.sender.refused),
        is_whole=is_whole,
    )


async def connect(database_url: str) -> asyncpg.Connection[asyncpg.Record]:
    return await asyncpg.connect(database_url)


async def fill_pools(connection: Connection) -> None:
    """Promo codes, as a shop has them before it opens."""
    for pool in await live_pools(connection):
        codes = new_codes(_CODES, length=shortest_length(_CODES))
        await add_codes(connection, pool, [(code, None) for code in codes])


async def _play_day(stage: Stage) -> bool:
    """False when a signal came first."""
    began, tick, waiting = time.monotonic(), 0, list(stage.day.happenings)
    happened: list[Happening] = []
    while stage.tend():
        hour = BEGINS + (time.monotonic() - began) / stage.hour_s
        while waiting and waiting[0].at <= hour:
            stage.sender.send(waiting[0])
            happened.append(waiting.pop(0))
        if tick % _LOOK_EVERY == 0:
            stage.screen.show(hour, happened, await stage.outbox.news(), stage.sender.sent)
            happened = []
        if not waiting and hour >= ENDS:
            return True
        tick += 1
        await asyncio.sleep(_TICK_S)
    return False


async def _wait_for_mails(stage: Stage) -> bool:
    """The night: waits that began in the evening come due. It is as long as the server needs for the mails that are
    expected, by what stands in its tables. False when a signal came first."""
    began = time.monotonic()
    work = _Work(stage.outbox, within=timedelta(seconds=_NIGHT_HOURS * stage.hour_s))
    while stage.tend():
        passed = (time.monotonic() - began) / stage.hour_s
        stage.screen.show(ENDS + min(passed, _NIGHT_HOURS), [], await stage.outbox.news(), stage.sender.sent)
        missing = stage.day.expected - stage.outbox.mails
        if not missing or (passed > _NIGHT_HOURS and await work.is_over(missing)):
            stage.screen.show(ENDS + _NIGHT_HOURS, [], await stage.outbox.news(), stage.sender.sent)
            return True
        await asyncio.sleep(_TICK_S * _LOOK_EVERY)
    return False


@dataclass(slots=True)
class _Work:
    """What is left to be done, and since when it has not become less or more."""

    outbox: Outbox
    within: timedelta
    left: tuple[int, int] = (-1, -1)
    since: float = 0.0

    async def is_over(self, missing: set[tuple[str, str]]) -> bool:
        left = (await self.outbox.under_way(missing, within=self.within), len(missing))
        if left != self.left:
            self.left, self.since = left, time.monotonic()
        return left[0] == 0 or time.monotonic() - self.since > _PATIENCE_S
