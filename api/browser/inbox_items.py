"""A message of an inbox as pages read it."""

from __future__ import annotations

from typing import Any

from engine.storage.delivery.inbox import InboxItem


def as_json(item: InboxItem) -> dict[str, Any]:
    return {
        "id": str(item.message),
        "cursor": item.id,
        "at": item.at.isoformat(),
        "title": item.title,
        "text": item.text,
        "link": item.link,
        "image": item.image,
        "data": dict(item.data),
        "read": item.read_at is not None,
    }
