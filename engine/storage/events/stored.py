"""A row of the event table as the core sees it."""

from __future__ import annotations

from typing import Any, Literal

from engine.core.model import Event
from engine.storage.events.queue import IDENTIFY, MERGE, TRACK, cause_of

_KINDS: dict[int, Literal["track", "identify", "merge"]] = {TRACK: "track", IDENTIFY: "identify", MERGE: "merge"}


def event_of(row: Any) -> Event:
    """Rows that no rule looks into are read without their body; their name and time still count as history."""
    body = row["body"] or {}
    return Event(
        id=row["id"],
        customer=row["customer"],
        kind=_KINDS.get(row["kind"], "track"),
        name=row["name"],
        at=row["at"],
        received_at=row["received_at"],
        properties=body.get("properties") or {},
        context=body.get("context") or {},
        historical=body.get("historical", False),
        cause=cause_of(body),
    )
