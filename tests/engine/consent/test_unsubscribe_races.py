"""People leave while workers send, on PostgreSQL: what was answered holds."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from engine.channels import Handover, Sent, TryLater, Verdict
from engine.core.identity import customer_id
from engine.flow.customers.change_consent import Choice, Chosen, change_consent
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.storage.database import Database
from engine.storage.installation import found_installation
from tests.engine.delivery.outbox import PARTITIONS, Outbox, ScriptedChannel

PEOPLE = 250
EACH = 4


@dataclass
class DawdlingChannel:
    """Takes its time, and notes who gets something when it is over."""

    chance: random.Random
    answered: set[str] = field(default_factory=set)  # addresses of those whose choice was answered
    before: Counter[str] = field(default_factory=Counter)
    after: list[str] = field(default_factory=list)

    async def send(self, handover: Handover) -> Verdict:
        for _ in range(self.chance.randrange(30)):
            await asyncio.sleep(0)
        if self.chance.random() < 0.2:
            return TryLater("busy", after=timedelta(0))
        if handover.address in self.answered:
            self.after.append(handover.address)
        self.before[handover.address] += 1
        return Sent("<id>")

    async def close(self) -> None:
        pass


async def test_nothing_is_handed_over_to_people_whose_leaving_was_answered(database: Database):
    chance = random.Random(11)
    channel = DawdlingChannel(chance)
    outbox = await _shop(database, channel)

    async def leave(number: int) -> Chosen:
        for _ in range(chance.randrange(400)):
            await asyncio.sleep(0)
        chosen = await change_consent(outbox.runtime, _refusal(f"u:{number}"))
        channel.answered.add(f"{number}@example.com")
        return chosen

    async def work() -> None:
        for _ in range(4):
            await deliver_messages(outbox.runtime, at_once=8)

    answers = await asyncio.gather(*(leave(number) for number in range(PEOPLE)), *(work() for _ in range(4)))
    await outbox.change("UPDATE message SET due_at = now() WHERE state = 'queued'")
    await deliver_messages(outbox.runtime)

    assert channel.after == []
    assert all(answer.is_in_effect for answer in answers if answer is not None)
    states = await outbox.fetch("SELECT state, count(*) FROM message GROUP BY state")
    counts = {row["state"]: row["count"] for row in states}
    assert counts.keys() == {"sent", "suppressed"}, "both happened, and nothing else"
    assert counts["sent"] == channel.before.total()


async def test_who_presses_while_a_message_is_handed_over_is_answered_after_it(database: Database):
    channel = ScriptedChannel(gate=asyncio.Event())
    outbox = await _shop(database, channel, people=1, each=1)
    sending = asyncio.create_task(deliver_messages(outbox.runtime))
    await _until(lambda: bool(channel.given))

    leaving = asyncio.create_task(change_consent(outbox.runtime, _refusal("u:0")))
    await _until_consent_is(outbox, {"email": False})
    was_waiting = not leaving.done()
    assert channel.gate is not None
    channel.gate.set()

    assert was_waiting
    assert (await leaving).is_in_effect
    assert (await sending).counts == {"sent": 1}


async def test_what_was_due_is_closed_with_the_choice_and_needs_no_worker(database: Database):
    outbox = await _shop(database, ScriptedChannel(), people=1, each=2)

    await change_consent(outbox.runtime, _refusal("u:0"))

    assert [row["state"] for row in await outbox.fetch("SELECT state FROM message")] == ["suppressed"] * 2


async def test_an_answer_does_not_wait_for_ever_and_says_so(database: Database):
    channel = ScriptedChannel(gate=asyncio.Event())
    outbox = await _shop(database, channel, people=1, each=1)
    sending = asyncio.create_task(deliver_messages(outbox.runtime))
    await _until(lambda: bool(channel.given))

    chosen = await change_consent(outbox.runtime, _refusal("u:0"), patience=timedelta(seconds=0.2))

    assert not chosen.is_in_effect
    assert channel.gate is not None
    channel.gate.set()
    await sending


async def test_service_messages_in_hand_are_not_waited_for(database: Database):
    channel = ScriptedChannel(gate=asyncio.Event())
    outbox = await _shop(database, channel, people=1, each=0)
    await outbox.message("service", key="u:0", transactional=True)
    sending = asyncio.create_task(deliver_messages(outbox.runtime))
    await _until(lambda: bool(channel.given))

    chosen = await change_consent(outbox.runtime, _refusal("u:0"))

    assert chosen.is_in_effect
    assert channel.gate is not None
    channel.gate.set()
    assert (await sending).counts == {"sent": 1}


async def _shop(database: Database, channel: object, *, people: int = PEOPLE, each: int = EACH) -> Outbox:
    await found_installation(database, PARTITIONS)
    outbox = Outbox(database, channel=channel)
    await outbox.publish()
    for number in range(people):
        await outbox.customer(f"u:{number}", email=f"{number}@example.com")
        for name in range(each):
            await outbox.message(f"m{number}-{name}", key=f"u:{number}", marked=False)
    return outbox


def _refusal(key: str) -> Choice:
    return Choice(customer=customer_id(key), words={"email": False}, how="one-click", message=UUID(int=1))


async def _until(holds: object) -> None:
    assert callable(holds)
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0)


async def _until_consent_is(outbox: Outbox, wanted: dict[str, bool]) -> None:
    async with asyncio.timeout(60):
        while (await outbox.fetch("SELECT consent FROM customer"))[0]["consent"] != wanted:
            await asyncio.sleep(0)
