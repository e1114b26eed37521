"""Where faults, which may only cost minutes, change what is sent: minutes matter between two messages of one person."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from engine.core.reasons.of_runs import SAME_MESSAGE
from engine.testing.virtual.world import World
from tests.simulation.server import Server

#: Two messages that are closer than that may come in either order, and a cap takes whichever is first.
_CLOSE = timedelta(minutes=30)
#: In which one person is told the same only once (S24).
_MINUTE = timedelta(minutes=1)
#: By customer: messages that were left out because the same had just been said.
Spared: TypeAlias = Mapping[str, Counter[str]]


@dataclass(frozen=True, slots=True)
class Ended:
    rule: str
    template: str
    state: str
    at: datetime

    @property
    def what(self) -> tuple[str, str, str]:
        return self.rule, self.template, self.state


def is_close(messages: Sequence[Ended]) -> bool:
    """A cap stopped one of two messages that came at about the same time."""
    return any(
        one.state == "suppressed" and other is not one and abs(one.at - other.at) < _CLOSE
        for one in messages
        for other in messages
    )


def is_open(messages: Sequence[Ended]) -> bool:
    """The provider would have refused it, and nobody heard the answer: it counts as sent."""
    return any(each.state == "unknown" for each in messages)


def is_late(expected: Sequence[Ended], found: Sequence[Ended]) -> bool:
    """Some message came so late that what waits for it comes a minute after what does not."""
    wanted, there = by_what(expected), by_what(found)
    return any(
        was - should >= _MINUTE
        for what in wanted.keys() & there.keys()
        for should, was in zip(wanted[what], there[what], strict=False)
    )


def by_what(messages: Iterable[Ended]) -> dict[tuple[str, str, str], list[datetime]]:
    """When each went out, in order."""
    times: dict[tuple[str, str, str], list[datetime]] = defaultdict(list)
    for each in sorted(messages, key=lambda each: each.at):
        times[each.what].append(each.at)
    return times


def spared_by(world: World) -> Spared:
    spared: dict[str, Counter[str]] = defaultdict(Counter)
    for note in world.memory.notes:
        if note.what == "skipped" and note.detail.endswith(SAME_MESSAGE.recorded):
            spared[world.memory.name_of(world.memory.runs[note.run].customer)][note.detail] += 1
    return spared


async def spared_on(server: Server) -> Spared:
    rows = await server.own.connection.fetch(
        "SELECT c.key, n.detail FROM run_note n JOIN run r ON (r.partition, r.id) = (n.partition, n.run)"
        " JOIN customer c ON c.id = r.customer WHERE n.what = 'skipped' AND n.detail LIKE '%' || $1",
        SAME_MESSAGE.recorded,
    )
    spared: dict[str, Counter[str]] = defaultdict(Counter)
    for key, detail in rows:
        spared[key.removeprefix("u:")][detail] += 1
    return spared
