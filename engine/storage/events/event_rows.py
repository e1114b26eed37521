"""Rows of `event` in PostgreSQL's binary format for COPY, many at once: two thirds of the work of writing them value by
value, which is the dearest thing that ingestion does for an event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from struct import Struct
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from engine.storage.events.events_in import NewEvent

#: The order in which `copied` writes them: what has a fixed length comes first.
COLUMNS = ("partition", "seq", "id", "customer", "kind", "at", "received_at", "name", "source", "body")

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)  # no flags, nothing more in the head
_END = b"\xff\xff"
_FIXED = Struct(">h" + "ihiqi16si16sihiqiq")  # how many columns; each with its length before it
_LENGTH = Struct(">i")
_JSONB = Struct(">iB")
_JSONB_VERSION = 1


def copied(events: Sequence[NewEvent], now: datetime) -> bytes:
    """All that COPY is to be given. Times after `now` become `now`; places count from 1.

    Raises ValueError, TypeError, OverflowError or struct.error for what no column can hold.
    """
    parts, received_at = [_HEAD], _microseconds(now)
    for place, (event, partition, customer, kind, name, at, source, body) in enumerate(events, 1):
        moment = min(_microseconds(at), received_at)
        content = orjson.dumps(body)
        parts += (
            _FIXED.pack(
                len(COLUMNS),
                *(2, partition, 8, place, 16, event.bytes, 16, customer.bytes, 2, kind, 8, moment, 8, received_at),
            ),
            _texts(name, source),
            _JSONB.pack(len(content) + 1, _JSONB_VERSION),
            content,
        )
    parts.append(_END)
    return b"".join(parts)


def _microseconds(moment: datetime) -> int:
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


@lru_cache(maxsize=4096)
def _texts(*texts: str) -> bytes:
    """Names and sources are few, and come again and again."""
    encoded = [text.encode() for text in texts]
    return b"".join(_LENGTH.pack(len(each)) + each for each in encoded)
