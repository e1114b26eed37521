"""A note to a group of the staff becomes a message for each of its ways, each with retries of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.core.effects import NewMessage
from engine.core.identity import derived_id
from engine.core.reasons.of_delivery import NO_STAFF_GROUP
from engine.storage.database import Connection
from engine.storage.delivery.messages import DueMessage, Settlement
from engine.storage.runs.decisions import add_messages


def is_for_a_group(message: DueMessage) -> bool:
    return message.channel == "staff" and "way" not in message.context


async def spread_notes(
    connection: Connection, notes: Sequence[DueMessage], settings: Mapping[str, Any]
) -> list[Settlement]:
    """Queue a message for each way that the group has now, within the claim. Returns how the notes are settled."""
    spread = {note.id: list(_ways(note, settings)) for note in notes}
    messages = [(note.partition, _one(note, way)) for note in notes for way in spread[note.id]]
    if messages:
        await add_messages(connection, messages)
    return [_settled(note, len(spread[note.id])) for note in notes]


def _ways(note: DueMessage, settings: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    group = settings.get("staff", {}).get(note.template) or {}
    for address in group.get("email", ()):
        yield {"email": address}
    for way in ("telegram", "slack"):
        if group.get(way):
            yield {way: group[way]}


def _one(note: DueMessage, way: dict[str, Any]) -> NewMessage:
    name, where = next(iter(way.items()))
    return NewMessage(
        id=derived_id("note", note.id.hex, name, where if name == "email" else ""),
        customer=note.customer,
        run=note.run,
        rule=note.rule,
        rule_set=note.rule_set,
        step=0,
        channel="staff",
        template=note.template,
        context={**note.context, "way": way},
        transactional=True,
        due_at=note.now,
    )


def _settled(note: DueMessage, ways: int) -> Settlement:
    return Settlement(
        partition=note.partition,
        message=note.id,
        attempt=None,
        state="sent" if ways else "failed",
        reason=None if ways else NO_STAFF_GROUP.of(name=note.template),
        address=note.template,
    )
