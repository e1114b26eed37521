"""A parsed request -> events and rejects. One bad item never takes the others with it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from api.ingest.items import Envelope, Refused, events_of
from api.ingest.limits import Fault
from api.ingest.times import UnreadableTime, moment
from api.server.problems import Problem
from engine.storage.events.events_in import NewEvent
from engine.storage.events.rejects import Reject

#: Endpoint -> the type of its items; None: a batch, whose items name their own.
ENDPOINTS: dict[str, str | None] = {
    "track": "track",
    "t": "track",
    "identify": "identify",
    "i": "identify",
    "page": "page",
    "p": "page",
    "screen": "screen",
    "s": "screen",
    "group": "group",
    "g": "group",
    "alias": "alias",
    "a": "alias",
    "batch": None,
    "b": None,
    "import": None,
}


@dataclass(slots=True)
class Reading:
    events: list[NewEvent] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    errors: list[dict[str, object]] = field(default_factory=list)  # one for each reject, for the caller


def items_of(content: Any, endpoint: str, max_events: int) -> list[Any]:
    """Raises Problem for a body that is no batch, or too long a one."""
    if ENDPOINTS[endpoint] is not None:
        return [content]
    items = content.get("batch") if isinstance(content, dict) else content
    if not isinstance(items, list):
        raise Problem(400, "invalid_batch", 'a batch is {"batch": [ … ]}: `batch` must be an array of events')
    if len(items) > max_events:
        raise Problem(413, "too_many_events", f"{len(items)} events; at most {max_events} fit in one batch")
    return items


def with_common_fields(envelope: Envelope, content: Any) -> Envelope:
    """The envelope with what the body says for all its items."""
    if not isinstance(content, dict):
        return envelope
    try:
        sent_at = None if content.get("sentAt") is None else moment(content["sentAt"])
    except UnreadableTime:
        sent_at = None  # then timestamps are taken as they are
    historical = envelope.historical or content.get("historical") is True
    context = content.get("context") if envelope.kind is None else None
    if sent_at is None and context is None and historical == envelope.historical:
        return envelope
    return replace(envelope, sent_at=sent_at, historical=historical, context=context)


def read_items(items: list[Any], envelope: Envelope) -> Reading:
    reading = Reading()
    for place, item in enumerate(items):
        try:
            reading.events += events_of(item, envelope)
        except Refused as refused:
            reject = _reject(item, refused.fault, envelope)
            reading.rejects.append(reject)
            reading.errors.append({"index": place, "path": reject.path, "reason": reject.reason})
    return reading


def _reject(item: Any, fault: Fault, envelope: Envelope) -> Reject:
    return Reject(envelope.source, fault.reason, _printable(fault.path), _kept(item, envelope.max_event_bytes))


def _kept(item: Any, most: int) -> str:
    """ASCII, in which even NUL and half surrogates are only escapes that the database can store."""
    try:
        return json.dumps(item, separators=(",", ":"))[:most]
    except RecursionError:
        return "(nested too deeply to be kept)"


def _printable(path: str) -> str:
    """A key of the client's is part of the path, whatever it holds."""
    return (
        path[:512].encode("ascii", "backslashreplace").decode().replace("\0", "\\x00")
        if not path.isprintable()
        else path[:512]
    )
