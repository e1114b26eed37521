"""What holds at every moment, whatever goes wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from engine.core.identity import customer_id
from tests.simulation.actors import Stage
from tests.simulation.changes import NOTHING, SQL, Look, look_of, what_is_wrong
from tests.simulation.server import Server, moment
from tests.simulation.shop import MOST_A_DAY, QUIET

#: What was in a worker's hands when the night began may still go out.
_IN_HAND = timedelta(minutes=2)


class Broken(AssertionError):
    """A law does not hold."""


@dataclass
class Laws:
    server: Server
    stage: Stage
    known: Look = NOTHING
    looks: int = 0
    _judged: int = 0  # of those that the provider has taken

    async def look(self, after: str) -> None:
        """Messages made are those that were sent, suppressed, failed, are unknown, or wait: none is ever lost, and
        nothing is early."""
        self.looks += 1
        rows = await self.server.own.connection.fetch(SQL)
        found = look_of(rows)
        now = moment(self.stage.director.loop.seconds)
        wrong = what_is_wrong(self.known, found, now) + list(self._taken_from_others(found, now))
        before, self.known = self.known, found
        if wrong:
            raise Broken(f"after {after}: {'; '.join(wrong)}")
        self._look_at_the_provider(after)
        self.stage.saw(before, found)

    def _taken_from_others(self, found: Look, now: datetime) -> Iterator[str]:
        """A verdict is that of the attempt it ends: while its lease runs, nobody else has one."""
        for name, was in self.known.messages.items():
            message = found.messages.get(name)
            if message is None or was.state != "sending" or message.state == "sending" or was.deadline < now:  # type: ignore[operator]
                continue
            owner = self.stage.owner(was.attempt)
            if (
                owner is not None
                and not owner.is_dead
                and not self.stage.provider.has_answered(owner, name, was.attempt)
            ):
                yield f"message {name} is {message.state}, and {owner.name} has not handed it over"

    def _look_at_the_provider(self, after: str) -> None:
        for each in self.stage.provider.taken[self._judged :]:
            answered = self.stage.refused.get((each.customer, each.channel))
            is_after = answered is not None and each.step > answered
            if is_after and not each.is_service and not self._was_given_up(each.message):
                raise Broken(f"after {after}: {each.template} went to {each.customer}, who had refused {each.channel}")
            if each.message not in self.known.messages:
                raise Broken(f"after {after}: {each.template} went out and no row says so")
            if not each.is_service and _is_night(each.at):
                raise Broken(f"after {after}: {each.template} went out at {moment(each.at)}, in quiet hours")
        self._judged = len(self.stage.provider.taken)

    def _was_given_up(self, message: UUID) -> bool:
        """Who stands still for longer than a lease at the very moment of a hand-over may still do it: decision 16."""
        known = self.known.messages.get(message)
        return known is not None and known.state == "unknown"

    async def judge(self) -> None:
        """At the end, when nothing is due any more."""
        await self.look("the end")
        fetch = self.server.own.connection.fetch
        waiting = [name for name, each in self.known.messages.items() if each.state in ("queued", "sending")]
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
        strangers = [customer_id(key) for key in self.stage.merged]
        for table in ("run", "message", "once_mark", "outcome"):
            left = await fetch(f"SELECT * FROM {table} WHERE customer = ANY($1)", strangers)  # noqa: S608
            self._none(f"{table}: left with who was somebody else", left)
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
