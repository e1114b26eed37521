"""What becomes of messages, as events that every workspace has: a rule may act on them without the schema."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dsl.catalog import EventType
from dsl.kinds import Kind

_TEXT, _OPTIONAL = Kind(name="text"), Kind(name="text", optional=True)
_EVERY = {"message_id": _TEXT, "channel": _TEXT, "rule": _TEXT, "template": _TEXT, "topic": _OPTIONAL}
_LINK = {"link": _OPTIONAL, "link_number": Kind(name="number", optional=True)}
_REASON = {"reason": _OPTIONAL}

#: What each word says besides what every such event says.
WORDS: dict[str, dict[str, Kind]] = {
    "delivered": {},
    "opened": {},
    "clicked": _LINK,
    "bounced": {**_REASON, "hard": Kind(name="flag")},
    "failed": _REASON,
}
#: What customers chose by hand, on a page or in their mail program.
_CHOSEN: dict[str, Kind] = {
    "channel": _TEXT,
    "topic": _OPTIONAL,  # absent: all marketing by this channel
    "how": _TEXT,
    "message_id": _OPTIONAL,
    "rule": _OPTIONAL,
    "template": _OPTIONAL,
}
CHOICES = ("unsubscribed", "subscribed", "confirmed")
#: Of one channel alone.
_OF_ONE: dict[str, dict[str, dict[str, Kind]]] = {
    "email": {"complained": _REASON},
    "telegram": {"pressed": {"button": _TEXT}},
}
#: What customers do without being asked: `message_replied` says what they wrote.
_CHAT: dict[str, dict[str, Kind]] = {
    "telegram_started": {"channel": _TEXT},
    "telegram_blocked": {"channel": _TEXT},
}
_REPLY: dict[str, dict[str, Kind]] = {
    "message_replied": {
        "channel": _TEXT,
        "text": _TEXT,
        "message_id": _OPTIONAL,
        "rule": _OPTIONAL,
        "template": _OPTIONAL,
    },
}
_UNASKED = {"telegram": {**_CHAT, **_REPLY}, "sms": _REPLY, "whatsapp": _REPLY, "viber": _REPLY}


def built_in_events(channels: Iterable[str]) -> dict[str, EventType]:
    """`email_opened`, `sms_failed` … of these channels."""
    found = {}
    for channel in channels:
        words = {**WORDS, **_OF_ONE.get(channel, {})}
        for word, properties in words.items():
            name = f"{channel}_{word}"
            found[name] = EventType(name=name, properties={**_EVERY, **properties}, open=True, built_in=True)
        for word in CHOICES:
            name = f"{channel}_{word}"
            found[name] = EventType(name=name, properties=dict(_CHOSEN), open=True, built_in=True)
        for name, properties in _UNASKED.get(channel, {}).items():
            found[name] = EventType(name=name, properties=properties, open=True, built_in=True)
    return found


def with_built_in(events: dict[str, EventType], channels: Iterable[str]) -> dict[str, EventType]:
    """A schema that declares one of them adds to it."""
    built_in = built_in_events(channels)
    own = {
        name: replace(event, properties={**built_in[name].properties, **event.properties})
        if name in built_in
        else event
        for name, event in events.items()
    }
    return {**own, **{name: event for name, event in built_in.items() if name not in own}}
