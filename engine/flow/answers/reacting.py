"""Reactions to messages (delivered, opened, bounced …): stored for reports, and queued as events for the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import orjson

from engine.core.identity import event_id, partition_of
from engine.storage.database import Connection, Database
from engine.storage.delivery.reactions import NewReaction, SentMessage, save_reactions
from engine.storage.events.events_in import TRACK, NewEvent, insert_events
from engine.texts import PublishedTexts, Texts
from engine.waker import Waker

SOURCE = "kogda"


class ReactionRuntime(Protocol):
    """What of engine.runtime.Runtime is needed to take notice of reactions."""

    @property
    def database(self) -> Database: ...
    @property
    def waker(self) -> Waker: ...
    @property
    def partitions(self) -> int: ...
    @property
    def texts(self) -> Texts: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """Something that happened to a sent message."""

    message: SentMessage
    kind: str  # delivered, opened, clicked, bounced, complained, failed …
    at: datetime
    place: str = ""  # tells reactions of one kind apart: the number of the link
    properties: dict[str, Any] | None = None  # beside those that every reaction has


async def take_reactions(
    connection: Connection, reactions: Sequence[Reaction], texts: PublishedTexts | None, *, partitions: int
) -> set[int]:
    """Within the caller's transaction. Each is stored once, however often it is reported. Partitions to wake."""
    if not reactions:
        return set()
    await save_reactions(
        connection, [NewReaction(each.message, each.kind, each.at, each.properties or {}) for each in reactions]
    )
    events = {event.id: event for event in (_event(each, texts, partitions) for each in reversed(reactions))}
    ordered = list(reversed(events.values()))
    known = await insert_events(connection, ordered)
    return {event.partition for event in ordered if event.id not in known}


def _event(reaction: Reaction, texts: PublishedTexts | None, partitions: int) -> NewEvent:
    message = reaction.message
    topic = texts.templates(message.channel).topic(message.template) if texts else None
    properties = {
        "message_id": str(message.id),
        "channel": message.channel,
        "rule": message.rule,
        "template": message.template,
        **({"topic": topic} if topic else {}),
        **(reaction.properties or {}),
    }
    said = f"{message.channel}_{reaction.kind}:{message.id}:{reaction.place}"
    return NewEvent(
        id=event_id(SOURCE, said),
        partition=partition_of(message.customer, partitions),
        customer=message.customer,
        kind=TRACK,
        name=f"{message.channel}_{reaction.kind}",
        at=reaction.at,
        source=SOURCE,
        body=orjson.Fragment(orjson.dumps({"key": message.key, "properties": properties, "messageId": said})),
    )
