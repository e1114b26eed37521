"""Changes what a customer agreed to. The change is in effect before the answer (docs/decisions/0016)."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

import asyncpg

from engine.clock import monotonic
from engine.core.delivery.consent import ConsentEntry, How
from engine.core.guards import MessageFacts
from engine.core.guards.consent import check_consent
from engine.core.identity import partition_of
from engine.failpoints import reach
from engine.flow.answers.reacting import ReactionRuntime
from engine.storage.customers.consent import (
    Chooser,
    OnItsWay,
    add_entries,
    find_chooser,
    lock_on_their_way,
    message_of_link,
    queue_own_event,
    save_choice,
    still_in_hand,
    with_same_mailbox,
)
from engine.storage.database import Connection, Database
from engine.storage.delivery.messages import Settlement, settle
from engine.storage.events.cursors import lock_cursors
from engine.storage.rules.published import live_rule_set
from engine.texts import PublishedTexts

#: How long an answer waits for messages that are being handed over at this moment.
PATIENCE = timedelta(seconds=20)
_LOOK_AGAIN_S = (0.02, 0.05, 0.1, 0.2)
_MOST_HOPS = 64
_TRIES = 3


class NoSuchCustomer(LookupError):
    """There is no such customer, or not any more."""


class ConsentRuntime(ReactionRuntime, Protocol):
    """What it needs of engine.runtime.Runtime."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a person said, and where. `words` are by channel and topic; None: takes back what was said."""

    customer: UUID
    words: Mapping[str, bool | None]
    how: How
    message: UUID | None = None  # the mail with the link that was followed
    since: str | None = None  # only what was last chosen at that moment: to take back that very choice
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """`is_in_effect`: nothing that was refused can be handed over any more. False: a worker was just handing over a
    message, and has not reported back yet; no other message will follow."""

    customer: UUID  # after merges
    before: Mapping[str, bool]
    after: Mapping[str, bool]
    at: str  # of this choice, as in `customer.chosen`
    is_in_effect: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """What one transaction has changed."""

    customer: UUID
    before: Mapping[str, bool]
    after: Mapping[str, bool]
    at: str
    in_hand: Sequence[OnItsWay]  # messages that a worker was handing over
    woken: set[int]  # partitions


async def change_consent(runtime: ConsentRuntime, choice: Choice, *, patience: timedelta = PATIENCE) -> Chosen:
    """Write state, history and events, and stop queued messages, in one transaction; then wait for the messages that
    are just being handed over. Raises NoSuchCustomer."""
    own = await _with_tries(runtime, choice)
    reach("consent.committed")
    written = [own, *[await _with_tries(runtime, twin) for twin in await _twins(runtime, choice, own.customer)]]
    if woken := set[int]().union(*(each.woken for each in written)):
        await runtime.waker.wake(woken)
    in_hand = [message for each in written for message in each.in_hand]
    is_in_effect = await _wait(runtime.database, in_hand, patience) if in_hand else True
    return Chosen(customer=own.customer, before=own.before, after=own.after, at=own.at, is_in_effect=is_in_effect)


async def _twins(runtime: ConsentRuntime, choice: Choice, customer: UUID) -> list[Choice]:
    """The same refusal for all other customers with this mail address: who follows a link in a mail speaks for the
    mailbox. To agree, or to take a choice back, concerns this customer alone."""
    refused = {what: given for what, given in choice.words.items() if given is False}
    if choice.message is None or not refused:
        return []
    async with runtime.database.connection() as connection:
        found = await with_same_mailbox(connection, partition_of(customer, runtime.partitions), customer)
    return [
        replace(choice, customer=each, words=refused, since=None, detail={**choice.detail, "by": "the same mailbox"})
        for each in found
    ]


async def _with_tries(runtime: ConsentRuntime, choice: Choice) -> _Written:
    """Tries again after a deadlock: a worker that settles several messages of the customer locks in another order."""
    for _ in range(_TRIES - 1):
        try:
            return await _commit(runtime, choice)
        except asyncpg.DeadlockDetectedError:
            continue
    return await _commit(runtime, choice)


async def _commit(runtime: ConsentRuntime, choice: Choice) -> _Written:
    customer = choice.customer
    for _ in range(_MOST_HOPS):
        partition = partition_of(customer, runtime.partitions)
        async with runtime.database.transaction() as connection:
            await connection.execute("SET LOCAL lock_timeout = '20s'")
            await lock_cursors(connection, [partition], wait=True)
            chooser = await find_chooser(connection, partition, customer)
            if chooser is None:
                raise NoSuchCustomer
            if chooser.merged_into is None:
                written = await _write(connection, runtime, chooser, choice)
                reach("consent.written")
                return written
        customer = chooser.merged_into
    raise NoSuchCustomer


async def _write(connection: Connection, runtime: ConsentRuntime, chooser: Chooser, choice: Choice) -> _Written:
    if choice.since is not None:
        still = {what: given for what, given in choice.words.items() if chooser.chosen.get(what) == choice.since}
        choice = replace(choice, words=still)
    after = {what: given for what, given in {**chooser.consent, **choice.words}.items() if given is not None}
    now = chooser.now.isoformat()
    await save_choice(connection, chooser, after, {**chooser.chosen, **dict.fromkeys(choice.words, now)})
    live = await live_rule_set(connection)
    policy = await runtime.texts.of(connection, live) if live is not None else None
    changed = [what for what in choice.words if chooser.consent.get(what) is not after.get(what)]
    if changed:
        await _tell(connection, chooser, choice, changed, topics=policy.settings.get("topics", {}) if policy else {})
    in_hand: list[OnItsWay] = []
    woken = {chooser.partition} if changed else set()
    if policy is not None and False in choice.words.values():
        in_hand, stopped = await _stop(connection, runtime, chooser, after, policy)
        woken |= stopped
    return _Written(customer=chooser.id, before=chooser.consent, after=after, at=now, in_hand=in_hand, woken=woken)


async def _tell(
    connection: Connection, chooser: Chooser, choice: Choice, changed: Sequence[str], *, topics: Collection[str]
) -> None:
    """Record each change in the history, and as an event for the rules."""
    origin: dict[str, Any] = {"how": choice.how}
    channel = "email"
    if choice.message is not None:
        origin["message_id"] = str(choice.message)
        found = await message_of_link(connection, chooser.partition, choice.message)
        if found is not None:
            channel = found["channel"]
            origin |= {"rule": found["rule"], "template": found["template"]}
    for what in changed:
        entry = ConsentEntry(
            id=uuid4(),
            at=chooser.now,
            what=what,
            given=choice.words[what],
            how=choice.how,
            message=choice.message,
            detail=dict(choice.detail),
        )
        await add_entries(connection, [(chooser.partition, chooser.id, entry)])
        about = {"channel": channel, "topic": what} if what in topics else {"channel": what}
        name = event_name(about["channel"], given=entry.given, how=choice.how)
        await queue_own_event(connection, chooser, event=entry.id, name=name, properties={**about, **origin})


def event_name(channel: str, *, given: bool | None, how: How) -> str:
    if how == "double opt-in":
        return f"{channel}_confirmed"
    return f"{channel}_unsubscribed" if given is False else f"{channel}_subscribed"


async def _stop(
    connection: Connection,
    runtime: ConsentRuntime,
    chooser: Chooser,
    consent: Mapping[str, bool],
    policy: PublishedTexts,
) -> tuple[list[OnItsWay], set[int]]:
    """Suppress queued messages that are refused now, in this very transaction: a claim that has read the old consent
    finds them queued no more. Returns those that a worker is handing over, and partitions to wake."""
    in_hand, stopped = [], []
    for message in await lock_on_their_way(connection, chooser):
        texts = policy
        if not policy.templates(message.channel).has(message.template):
            texts = await runtime.texts.of(connection, message.rule_set)
        facts = MessageFacts(
            channel=message.channel,
            address=None,
            transactional=False,
            topic=texts.templates(message.channel).topic(message.template),
            consent=consent,
            consent_policy=policy.consent_policy,
            confirmed=policy.confirmed,
        )
        block = check_consent(facts, chooser.now)
        if block is None:
            continue
        if message.state == "sending":
            in_hand.append(message)
            continue
        stopped.append(
            Settlement(
                partition=message.partition,
                message=message.id,
                attempt=None,
                state="suppressed",
                reason=block.reason,
                undeliverable=block.other_way,
            )
        )
    return in_hand, await settle(connection, stopped) if stopped else set()


async def _wait(database: Database, in_hand: Sequence[OnItsWay], patience: timedelta) -> bool:
    ends_at, round_ = monotonic() + patience.total_seconds(), 0
    while True:
        async with database.connection() as connection:
            if not await still_in_hand(connection, in_hand):
                return True
        if monotonic() >= ends_at:
            return False
        await asyncio.sleep(_LOOK_AGAIN_S[min(round_, len(_LOOK_AGAIN_S) - 1)])
        round_ += 1
