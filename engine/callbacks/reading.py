"""Small things of other people's JSON: whatever is not as it should be counts as missing."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from engine.callbacks import Unreadable
from engine.storage.kept_words import storable

_LONGEST = 500
_OURS = re.compile(r"<?([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})@[^\s<>]+>?")


def json_of(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unreadable("the body is no JSON") from error


def at(tree: Any, *path: str | int) -> Any:
    """What stands there; None when nothing does."""
    for key in path:
        try:
            tree = tree[key]
        except (KeyError, IndexError, TypeError):
            return None
    return tree


def text(tree: Any, *path: str | int) -> str | None:
    found = at(tree, *path)
    if not isinstance(found, str):
        return None
    return storable(found).strip()[:_LONGEST] or None


def message_of(message_id: str | None) -> UUID | None:
    """Our message, from a Message-ID that we wrote."""
    match = _OURS.fullmatch(message_id.strip()) if message_id else None
    return UUID(match[1]) if match else None


def uuid_of(written: Any) -> UUID | None:
    with suppress(ValueError, TypeError, AttributeError):
        return UUID(written)
    return None


def moment(written: Any, *, default: datetime | None = None) -> datetime:
    """Of seconds since 1970 or an ISO time. Raises Unreadable when there is neither and no default."""
    with suppress(ValueError, OverflowError, OSError, TypeError):
        if isinstance(written, bool):
            raise ValueError
        if isinstance(written, int | float):
            return datetime.fromtimestamp(written, UTC)
        if isinstance(written, str):
            # Some providers write seven digits of a second; six are read.
            iso = re.sub(r"(\.\d{6})\d+", r"\1", written.strip())
            found = datetime.fromisoformat(iso)
            return found if found.tzinfo else found.replace(tzinfo=UTC)
    if default is None:
        raise Unreadable("a time is missing")
    return default
