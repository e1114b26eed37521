"""What holds at every moment, whatever goes wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tests.simulation.actors import Stage
from tests.simulation.server import Server, moment
from tests.simulation.shop import MOST_A_DAY, QUIET

#: How a message may change between two looks, each of which follows one commit. An attempt that was taken for dead may
#: still report its true end.
_WAYS = {
    "queued": {"queued", "sending", "suppressed", "failed", "postponed", "sent"},
    "sending": {"sending", "sent", "failed", "unknown", "queued"},
    "unknown": {"unknown", "sent", "failed"},
    "sent": {"sent"},
    "failed": {"failed"},
    "suppressed": {"suppressed"},
    "postponed": {"postponed"},
}
_FIRST = {"queued", "suppressed"}
#: What was in a worker's hands when the night began may still go out.
_IN_HAND = timedelta(minutes=2)


class Broken(AssertionError):
    """A law does not hold."""


@dataclass
class Laws:
    server: Server
    stage: Stage
    states: dict[UUID, tuple[str, UUID | None, datetime | None]] = field(default_factory=dict)
    looks: int = 0
    _judged: int = 0  # of those that the provider has taken

    async def look(self, after: str) -> None:
        """Messages made are those that were sent, suppressed, failed, are unknown, or wait: none is ever lost."""
        self.looks += 1
        rows = await self.server.own.connection.fetch("SELECT id, state, attempt, deadline FROM message")
        found = {row[0]: (row[1], row[2], row[3]) for row in rows}
        now = moment(self.stage.director.loop.seconds)
        if lost := self.states.keys() - found.keys():
            raise Broken(f"after {after}: messages are gone: {sorted(map(str, lost))}")
        for message, (state, attempt, _) in found.items():
            before = self.states.get(message)
            if before is None and state not in _FIRST | {"sending"}:
                raise Broken(f"after {after}: message {message} begins as {state}")
            if before is not None and state not in _WAYS[before[0]]:
                raise Broken(f"after {after}: message {message} was {before[0]} and is {state}")
            if before is not None and before[0] == state == "sending" and before[1] != attempt and before[2] > now:
                raise Broken(f"after {after}: message {message} was claimed twice at once")
        self.states = found
        self._look_at_the_provider(after)

    def _look_at_the_provider(self, after: str) -> None:
        for each in self.stage.provider.taken[self._judged :]:
            answered = self.stage.refused.get((each.customer, each.channel))
            if answered is not None and not each.is_service and each.step > answered:
                raise Broken(f"after {after}: {each.template} went to {each.customer}, who had refused {each.channel}")
            if each.message not in self.states:
                raise Broken(f"after {after}: {each.template} went out and no row says so")
            if not each.is_service and _is_night(each.at):
                raise Broken(f"after {after}: {each.template} went out at {moment(each.at)}, in quiet hours")
        self._judged = len(self.stage.provider.taken)

    async def judge(self) -> None:
        """At the end, when nothing is due any more."""
        await self.look("the end")
        fetch = self.server.own.connection.fetch
        waiting = [message for message, (state, *_) in self.states.items() if state in ("queued", "sending")]
        self._none("messages wait that nobody will send", waiting)
        self._none("outcomes that no run was told", await fetch("SELECT * FROM outcome"))
        self._none("set aside", await fetch("SELECT what, subject, rule, reason, detail FROM quarantine"))
        self._none("runs that wait for nothing", await fetch("SELECT * FROM run WHERE state <> 'ended'"))
        self._none("tasks that ended badly", [each for life in self.stage.processes for each in life.mistakes])
        undecided = "SELECT e.id FROM event e JOIN partition_cursor c USING (partition)"
        undecided += " WHERE (e.xid, e.seq) > (c.xid, c.seq)"
        self._none("events that were not decided", await fetch(undecided))
        ids = Counter(row[0] for row in await fetch("SELECT id FROM event"))
        self._none(
            "acknowledged events that are not there", [each for each in self.stage.acknowledged if not ids[each]]
        )
        self._none("events that are there twice", [each for each, count in ids.items() if count > 1])
        await self._judge_copies()
        self._judge_caps()

    async def _judge_copies(self) -> None:
        rows = await self.server.own.connection.fetch("SELECT id, state, maybe_duplicate, transactional FROM message")
        copies = Counter(each.message for each in self.stage.provider.taken)
        for message, state, maybe_duplicate, transactional in rows:
            if copies[message] > 1 and not (maybe_duplicate and transactional):
                raise Broken(f"message {message} went out {copies[message]} times, and is not marked for it")
            if state == "sent" and not copies[message]:
                raise Broken(f"message {message} is sent, and no provider has it")
            if state in ("suppressed", "postponed", "failed") and copies[message]:
                raise Broken(f"message {message} is {state}, and a provider has it")

    def _judge_caps(self) -> None:
        days = Counter(
            (each.customer[-1], each.customer, f"{moment(each.at):%Y-%m-%d}")
            for each in self.stage.provider.taken
            if not each.is_service
        )
        by_customer: Counter[tuple[str, str]] = Counter()
        for (_, address, day), count in days.items():
            by_customer[address.removeprefix("+7").removesuffix("@x.example"), day] += count
        self._none("caps that were broken", [each for each, count in by_customer.items() if count > MOST_A_DAY])
        seen = Counter(
            (each.customer, f"{moment(each.at):%Y-%m-%d}") for each in self.stage.provider.taken if each.rule == "Seen"
        )
        self._none("a rule's own cap was broken", [each for each, count in seen.items() if count > 1])

    def _none(self, what: str, found: Any) -> None:
        if found:
            raise Broken(f"{what}: {[tuple(each) if hasattr(each, 'keys') else each for each in found]}")


def _is_night(seconds: float) -> bool:
    at = moment(seconds)
    return f"{at - _IN_HAND:%H:%M}" >= QUIET.start or f"{at:%H:%M}" < QUIET.end
