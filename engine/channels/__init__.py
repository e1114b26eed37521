"""Ways to reach a customer. A channel takes one message and says what became of it: a value, never an exception."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol, TypeAlias
from uuid import UUID

from engine.channels.dkim import DkimKey


class Mail(NamedTuple):
    """The content of an email, not yet trusted: the channel refuses what would inject a header or a command.

    A tuple, as all that is made for each message: to freeze fields one by one takes three times as long.
    """

    sender: str  # "Shop <hello@shop.example>"
    subject: str
    text: str
    html: str | None = None
    reply_to: str | None = None
    dkim: tuple[DkimKey, ...] = ()  # what it is signed with
    bounces_to: str | None = None  # the address of the envelope; None: the sender's
    ways_out: tuple[str, ...] = ()  # addresses to unsubscribe, https: first; none in service mails


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Under a text: it opens a link, or comes back as an event that carries `press`."""

    text: str
    link: str | None = None
    press: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The content of an sms or a message of a messenger."""

    text: str
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """The content of what is shown on a device or a page."""

    title: str
    text: str
    link: str | None = None  # where a tap leads
    image: str | None = None
    data: Mapping[str, str] = field(default_factory=dict)  # for the app


Content: TypeAlias = Mail | Text | Push


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A place where a customer is reached that is neither a mail address nor a phone number."""

    address: str  # device token, endpoint, chat
    detail: Mapping[str, Any] = field(default_factory=dict)  # what its channel keeps with it: keys, platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Why a message exists: for records and pages, never for what is sent."""

    partition: int
    run: UUID
    rule: str
    template: str


class Handover(NamedTuple):
    """One message on its way out. `message` makes the Message-ID, so a repeated hand-over can be recognised."""

    message: UUID
    address: str
    content: Content
    at: datetime
    origin: Origin
    is_service: bool = False  # transactional: it goes before marketing that waits for the provider
    contacts: tuple[Contact, ...] = ()  # of a channel that has such, newest first; `address` is that of the first
    channel: str = "email"


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider has taken responsibility for it."""

    provider_id: str
    gone: tuple[str, ...] = ()  # addresses of contacts that turned out to be dead, while another one took it


@dataclass(frozen=True, slots=True)
class Rejected:
    """It will not be taken as it is. `suppress`: the address is dead, and nothing may be sent to it again."""

    reason: str
    suppress: bool = False
    gone: tuple[str, ...] = ()  # without `suppress`: those addresses of contacts that are dead all the same


@dataclass(frozen=True, slots=True)
class TryLater:
    """Certainly not taken yet. `after`: no sooner than that; None: as the retry schedule says.

    `is_outage`: the provider would take no other message either. `provider`: which one, of a channel with several.
    """

    reason: str
    after: timedelta | None = None
    is_outage: bool = False
    provider: str = ""
    gone: tuple[str, ...] = ()  # addresses of contacts that are dead, while another one may take it


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have been taken: the connection was lost after the last byte and before the answer."""

    reason: str
    gone: tuple[str, ...] = ()  # as of TryLater


Verdict: TypeAlias = Sent | Rejected | TryLater | Unknown


class Channel(Protocol):
    """One per process. `send` may be called many times at once; it bounds what it does at the same time itself."""

    async def send(self, handover: Handover) -> Verdict: ...

    async def close(self) -> None: ...


Channels: TypeAlias = Mapping[str, Channel]
