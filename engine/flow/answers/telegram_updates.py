"""What people do with the bot: a link connects their chat with a customer, words and presses become events.

Each update is taken once: its number makes the ids of its events. Telegram repeats what was not answered with 200.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

import orjson

from engine.callbacks.telegram import Left, Pressed, Started, Update, Wrote
from engine.core.identity import event_id, partition_of
from engine.failpoints import reach
from engine.flow.answers.reacting import Reaction, take_reactions
from engine.flow.customers.change_consent import Choice, NoSuchCustomer, change_consent
from engine.links.chat_links import read_chat_token
from engine.storage.customers.bulk import merge_target
from engine.storage.customers.contacts import Owner, add_contact, forget_contacts, owner_of
from engine.storage.customers.telegram import chat_message, lift_suppression
from engine.storage.database import Connection, Database
from engine.storage.delivery.reactions import sent_messages
from engine.storage.events.events_in import TRACK, NewEvent, insert_events
from engine.storage.rules.published import live_rule_set
from engine.texts import Texts
from engine.waker import Waker

CHANNEL = "telegram"
_MOST_HOPS = 64


class UpdateRuntime(Protocol):
    """What it needs of engine.runtime.Runtime."""

    database: Database
    waker: Waker
    partitions: int
    texts: Texts
    link_key: bytes


async def take_update(runtime: UpdateRuntime, update: Update) -> None:
    """Carry out one update. Those of chats that belong to no customer are ignored."""
    async with runtime.database.transaction() as connection:
        owner = await _taken(connection, runtime, update)
        reach("telegram.taken")
    reach("telegram.committed")
    if owner is None:
        return
    if isinstance(update, Left) and not update.is_blocked:
        try:
            await change_consent(runtime, Choice(customer=owner.customer, words={CHANNEL: False}, how="reply"))
        except NoSuchCustomer:
            return
    await runtime.waker.wake({owner.partition})


async def _taken(connection: Connection, runtime: UpdateRuntime, update: Update) -> Owner | None:
    if isinstance(update, Started):
        return await _connect(connection, runtime, update)
    owner = await owner_of(connection, CHANNEL, update.chat)
    if owner is None:
        return None
    match update:
        case Pressed():
            await _press(connection, runtime, owner, update)
        case Wrote():
            await _reply(connection, owner, update)
        case Left(is_blocked=True):
            await forget_contacts(connection, [(CHANNEL, update.chat)])
            await _tell(connection, owner, update, "telegram_blocked", {})
        case _:
            pass
    return owner


async def _connect(connection: Connection, runtime: UpdateRuntime, update: Started) -> Owner | None:
    """Connect the chat with the customer whom the token names. Without a valid one, a connected chat stays as it is."""
    customer = read_chat_token(runtime.link_key, update.token, today=update.at.date())
    owner = await _customer(connection, customer, runtime.partitions) if customer is not None else None
    if owner is None:
        return await owner_of(connection, CHANNEL, update.chat)
    detail = {"name": update.name, "language": update.language}
    place = (owner.partition, owner.customer)
    kept = {key: value for key, value in detail.items() if value}
    await add_contact(connection, place, CHANNEL, update.chat, detail=kept)
    await lift_suppression(connection, update.chat)
    await _tell(connection, owner, update, "telegram_started", {})
    return owner


async def _customer(connection: Connection, customer: UUID, partitions: int) -> Owner | None:
    """Whoever the customer is now, after merges."""
    for _ in range(_MOST_HOPS):
        partition = partition_of(customer, partitions)
        target = await merge_target(connection, customer, partition)
        if target is None:
            key = await connection.fetchval(
                "SELECT key FROM customer WHERE partition = $1 AND id = $2", partition, customer
            )
            return Owner(partition, customer, key) if key else None
        customer = target
    return None


async def _press(connection: Connection, runtime: UpdateRuntime, owner: Owner, update: Pressed) -> None:
    """A press counts only on a message to this very customer: forwarded messages keep their buttons."""
    found = await sent_messages(connection, [(owner.partition, update.message)], partitions=runtime.partitions)
    message = found.get(update.message)
    if message is None or message.customer != owner.customer:
        return
    live = await live_rule_set(connection)
    texts = await runtime.texts.of(connection, live) if live is not None else None
    pressed = Reaction(
        message=message, kind="pressed", at=update.at, place=str(update.id), properties={"button": update.press}
    )
    await take_reactions(connection, [pressed], texts, partitions=runtime.partitions)


async def _reply(connection: Connection, owner: Owner, update: Wrote) -> None:
    """About the message that it answers, else about the newest one in the chat."""
    about = await chat_message(connection, owner, update.chat, update.reply_to)
    message = {"message_id": str(about.id), "rule": about.rule, "template": about.template} if about else {}
    await _tell(connection, owner, update, "message_replied", {"text": update.text, **message})


async def _tell(connection: Connection, owner: Owner, update: Update, name: str, properties: Mapping[str, Any]) -> None:
    said = f"{name}:{update.chat}:{update.id}"
    body = {"key": owner.key, "properties": {"channel": CHANNEL, **properties}, "messageId": said}
    event = NewEvent(
        id=event_id("telegram", said),
        partition=owner.partition,
        customer=owner.customer,
        kind=TRACK,
        name=name,
        at=update.at,
        source="kogda",
        body=orjson.Fragment(orjson.dumps(body)),
    )
    await insert_events(connection, [event])
