"""News for pages that are open: one question to the database a second for all of them, however many there are."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import orjson

from api.browser.inbox_items import as_json
from engine.storage.database import TROUBLE, Connection, Database
from engine.storage.delivery.inbox import InboxItem, Place, newer_items, unread_counts

EVERY_S = 1.0
HEARTBEAT_S = 15.0  # proxies close what is silent for a minute
LONGEST_S = 1800.0  # then the page comes again, and shows its token again
MOST = 400  # streams of one process: events need connections as well
MOST_OF_ONE = 6  # of one customer; browsers themselves open no more to one host
RETRY_MS = 3000


@dataclass(eq=False, slots=True)
class Stream:
    """One open page. `seen`: the last item that was sent to it."""

    place: Place
    seen: int
    until: float  # by the monotonic clock
    unread: int | None = None
    waiting: list[bytes] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    is_over: bool = False


class InboxStreams:
    """Of one API process."""

    def __init__(self, database: Database, stopping: asyncio.Event) -> None:
        self._database = database
        self._stopping = stopping
        self._open: set[Stream] = set()
        self._of_one: Counter[Place] = Counter()
        self._watching: asyncio.Task[None] | None = None

    def has_room(self, place: Place) -> bool:
        return len(self._open) < MOST and self._of_one[place] < MOST_OF_ONE and not self._stopping.is_set()

    async def follow(self, place: Place, after: int) -> AsyncIterator[bytes]:
        """Server-sent events, until the reader leaves, the server stops or the time is up."""
        stream = Stream(place, after, monotonic() + LONGEST_S)
        self._enter(stream)
        try:
            yield b"retry: %d\n\n" % RETRY_MS
            while not stream.is_over and monotonic() < stream.until:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stream.changed.wait(), HEARTBEAT_S)
                stream.changed.clear()
                news, stream.waiting = stream.waiting, []
                yield b"".join(news) or b": still here\n\n"
        finally:
            self._leave(stream)

    async def close(self) -> None:
        for stream in self._open:
            stream.is_over = True
            stream.changed.set()
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching

    def _enter(self, stream: Stream) -> None:
        self._open.add(stream)
        self._of_one[stream.place] += 1
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())

    def _leave(self, stream: Stream) -> None:
        self._open.discard(stream)
        self._of_one[stream.place] -= 1
        if not self._of_one[stream.place]:
            del self._of_one[stream.place]

    async def _watch(self) -> None:
        """As long as a page is open. A database that does not answer is asked again."""
        while self._open and not self._stopping.is_set():
            with contextlib.suppress(*TROUBLE):
                async with asyncio.timeout(5), self._database.connection() as connection:
                    await self._look(connection)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), EVERY_S)
        for stream in self._open:
            stream.is_over = self._stopping.is_set()
            stream.changed.set()

    async def _look(self, connection: Connection) -> None:
        """A page that does not read what it was sent is left alone until it does."""
        streams = [each for each in self._open if not each.waiting]
        if not streams:
            return
        places = list(dict.fromkeys(each.place for each in streams))
        counts = dict(zip(places, await unread_counts(connection, places), strict=True))
        for number, item in await newer_items(connection, [(each.place, each.seen) for each in streams]):
            streams[number].seen = item.id
            streams[number].waiting.append(_message(item))
        for each in streams:
            if each.unread != counts[each.place]:
                each.unread = counts[each.place]
                each.waiting.append(_event("unread", {"unread": each.unread}))
            if each.waiting:
                each.changed.set()


def _message(item: InboxItem) -> bytes:
    return b"id: %d\n" % item.id + _event("message", as_json(item))


def _event(name: str, content: dict[str, Any]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps(content))
