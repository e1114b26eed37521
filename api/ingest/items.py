"""One item of the Segment-shaped API -> the events that it means."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias

import orjson
from asyncpg.pgproto.pgproto import UUID  # the same values as uuid.UUID, made eight times faster

from api.ingest.limits import MAX_STRING, Fault, first_fault, is_plain
from api.ingest.names import MAX_NAME, event_name, trait_names
from api.ingest.times import UnreadableTime, corrected, moment
from engine.core.identity import anonymous_key, derived_bytes, known_key
from engine.storage.events.events_in import IDENTIFY, MERGE, TRACK, NewEvent

Item: TypeAlias = dict[str, Any]

MAX_ID = 256  # characters of userId, anonymousId, messageId
KEPT_CONTEXT = frozenset(
    {"timezone", "locale", "userAgent", "campaign", "ip", "page", "referrer", "device", "app", "os"}
)

#: What of an event's body the client wrote, and where it wrote it; None: in `properties` or `traits`.
_PARTS = (
    ("properties", None),
    ("context", "$.context"),
    ("key", "$.userId"),
    ("messageId", "$.messageId"),
    ("sent_as", "$.event"),
    ("timestamp", "$.timestamp"),
)
_VIEWS = {"page": "page_viewed", "screen": "screen_viewed"}


class Refused(Exception):
    """This item cannot be stored; the others can."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path} {reason}")
        self.fault = Fault(path, reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What the items of one request share."""

    source: str
    received_at: datetime
    partitions: int
    max_event_bytes: int
    sent_at: datetime | None = None  # of the body, by the client's clock
    context: Mapping[str, Any] | None = None  # of the body, for items with none of their own
    historical: bool = False  # the request says so; an item may say it for itself
    kind: str | None = None  # the endpoint's type; None: each item names its own
    may_hold_nul: bool = True
    is_lenient: bool = False  # read by the parser that lets NaN and surrogates in


def events_of(item: object, envelope: Envelope) -> list[NewEvent]:
    """One event, or two when an anonymous customer turns out to be a known one. Raises Refused."""
    if type(item) is not dict:
        raise Refused("$", "must be an object")
    if envelope.is_lenient and (fault := first_fault(item)):
        raise Refused(*fault)
    kind = envelope.kind or item.get("type")
    reader = _READERS.get(kind) if type(kind) is str else None
    if reader is None:
        raise Refused("$.type", f"must be one of {', '.join(_READERS)}")
    return reader(item, envelope)


def _track(item: Item, envelope: Envelope) -> list[NewEvent]:
    sent_as = item.get("event")
    if type(sent_as) is not str:
        raise Refused("$.event", "is required: the name of what happened, as text")
    name = _checked_name(sent_as)
    return [_event(item, envelope, _customer_key(item), TRACK, name, sent_as=sent_as)]


def _view(item: Item, envelope: Envelope) -> list[NewEvent]:
    kind = envelope.kind or item["type"]
    properties = _object(item, "properties")
    named = {field: item[field] for field in ("name", "category") if type(item.get(field)) is str}
    viewed = {**item, "properties": {**named, **properties}}
    return [_event(viewed, envelope, _customer_key(item), TRACK, _VIEWS[kind], sent_as=kind)]


def _identify(item: Item, envelope: Envelope) -> list[NewEvent]:
    key = _customer_key(item)
    item["messageId"] = _message_id(item, envelope)  # the same for both events, when it is assigned
    if item.get("traits") is None:
        # Some clients put the traits of an identify into its context.
        traits = _object(_object(item, "context"), "traits", "$.context")
    else:
        traits = _object(item, "traits")
    identify = _event({**item, "traits": trait_names(traits)}, envelope, key, IDENTIFY, "", field="traits")
    anonymous = _id_of(item, "anonymousId")
    if anonymous is None or not key.startswith("u:"):
        return [identify]
    return [_merge(item, envelope, anonymous, key), identify]


def _group(item: Item, envelope: Envelope) -> list[NewEvent]:
    group = _id_of(item, "groupId")
    if group is None:
        raise Refused("$.groupId", "is required")
    account = {"account": {**trait_names(_object(item, "traits")), "id": group}}
    return [_event({**item, "traits": account}, envelope, _customer_key(item), IDENTIFY, "", field="traits")]


def _alias(item: Item, envelope: Envelope) -> list[NewEvent]:
    user, previous = _id_of(item, "userId"), _id_of(item, "previousId")
    if user is None:
        raise Refused("$.userId", "is required")
    if previous is None:
        raise Refused("$.previousId", "is required")
    return [_merge(item, envelope, previous, known_key(user))]


_READERS = {
    "track": _track,
    "identify": _identify,
    "page": _view,
    "screen": _view,
    "group": _group,
    "alias": _alias,
}


def _merge(item: Item, envelope: Envelope, anonymous: str, into: str) -> NewEvent:
    """To the anonymous customer's partition: all it has moves to the known one when this is decided."""
    merge = {
        "messageId": f"{_message_id(item, envelope)}#merge",
        "timestamp": item.get("timestamp"),
        "originalTimestamp": item.get("originalTimestamp"),
        "sentAt": item.get("sentAt"),
        "historical": item.get("historical"),
        "properties": {"into": into},
    }
    return _event(merge, envelope, anonymous_key(anonymous), MERGE, "")


def _event(
    item: Item, envelope: Envelope, key: str, kind: int, name: str, *, field: str = "properties", sent_as: str = ""
) -> NewEvent:
    message = _message_id(item, envelope)
    body: Item = {"key": key, "properties": _object(item, field), "messageId": message}
    context = item.get("context") or envelope.context
    if context:
        body["context"] = _kept_context(context)
    if sent_as != name:
        body["sent_as"] = sent_as
    at = _time_of(item, envelope, body)
    if envelope.historical or item.get("historical") is True:
        body["historical"] = True
    encoded = _encoded(body, envelope, field)
    customer, partition = _home(key, envelope.partitions)
    event_id = UUID(derived_bytes("event", envelope.source, message))
    return NewEvent(event_id, partition, customer, kind, name, at, envelope.source, orjson.Fragment(encoded))


@lru_cache(maxsize=8192)
def _home(key: str, partitions: int) -> tuple[UUID, int]:
    """As engine.core.identity says: customer_id and partition_of."""
    digest = derived_bytes("customer", key)
    return UUID(digest), int.from_bytes(digest[:4], "big") % partitions


def _encoded(body: Item, envelope: Envelope, field: str) -> bytes:
    try:
        encoded = orjson.dumps(body, option=orjson.OPT_STRICT_INTEGER)
    except TypeError:  # whole numbers beyond 2^53, or nested beyond what orjson writes
        encoded = b""
    if envelope.may_hold_nul or not encoded or not is_plain(encoded):
        for part, path in _PARTS:
            if part in body and (fault := first_fault(body[part], path or f"$.{field}")):
                raise Refused(*fault)
    if len(encoded) > envelope.max_event_bytes:
        raise Refused("$", f"is larger than {envelope.max_event_bytes} bytes")
    return encoded


def _customer_key(item: Item) -> str:
    user = _id_of(item, "userId")
    if user is not None:
        return known_key(user)
    anonymous = _id_of(item, "anonymousId")
    if anonymous is None:
        raise Refused("$.userId", "is required, or an anonymousId")
    return anonymous_key(anonymous)


def _id_of(item: Item, field: str) -> str | None:
    """Text, or a whole number as text. None when absent, null or empty."""
    value = item.get(field)
    if value is None or value == "":
        return None
    if type(value) is int:
        value = str(value)
    elif type(value) is not str:
        raise Refused(f"$.{field}", "must be text or a whole number")
    if len(value) > MAX_ID:
        raise Refused(f"$.{field}", f"is longer than {MAX_ID} characters")
    return value


def _checked_name(sent_as: str) -> str:
    if len(sent_as) > MAX_STRING:
        raise Refused("$.event", f"is longer than {MAX_NAME} characters")
    name = event_name(sent_as)
    if not name:
        raise Refused("$.event", "has no letter or digit")
    if len(name) > MAX_NAME:
        raise Refused("$.event", f"is longer than {MAX_NAME} characters")
    return name


def _object(item: Item, field: str, path: str = "$") -> Item:
    value = item.get(field)
    if value is None:
        return {}
    if type(value) is not dict:
        raise Refused(f"{path}.{field}", "must be an object")
    return value


def _kept_context(context: object) -> Item:
    if type(context) is not dict:
        raise Refused("$.context", "must be an object")
    return {field: value for field, value in context.items() if field in KEPT_CONTEXT}


def _message_id(item: Item, envelope: Envelope) -> str:
    message = _id_of(item, "messageId")
    if message is not None:
        return message
    if item.get("timestamp") is None:
        return f"assigned:{uuid.uuid4().hex}"
    content = {field: value for field, value in item.items() if field not in ("messageId", "sentAt", "writeKey")}
    try:
        canonical = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        raise Refused("$", "is nested too deeply") from error
    return "derived:" + derived_bytes("message", envelope.kind or "", canonical.decode()).hex()


def _time_of(item: Item, envelope: Envelope, body: Item) -> datetime:
    """The corrected time. What the client said goes into the body when it says something else."""
    field = "timestamp" if item.get("timestamp") is not None else "originalTimestamp"
    said = item.get(field)
    if said is None:
        return envelope.received_at
    try:
        happened = moment(said)
        at = corrected(happened, sent_at=_sent_at(item, envelope), received_at=envelope.received_at)
    except UnreadableTime as error:
        raise Refused(f"$.{field}", str(error)) from error
    except OverflowError as error:
        raise Refused(f"$.{field}", "is too far from sentAt") from error
    if at != happened:
        body["timestamp"] = said
    return at


def _sent_at(item: Item, envelope: Envelope) -> datetime | None:
    """None when absent or unreadable: then the timestamp is taken as it is."""
    value = item.get("sentAt")
    if value is None:
        return envelope.sent_at
    try:
        return moment(value)
    except UnreadableTime:
        return None
