"""What providers tell us over HTTP: first who it is that speaks, by the raw body, then what it says. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol, TypeAlias
from uuid import UUID

#: How far the time of a signature may be from ours.
TOLERANCE = timedelta(minutes=5)

Kind: TypeAlias = Literal["delivered", "opened", "clicked", "bounced", "complained", "failed"]


class Refused(Exception):
    """It cannot be known that this comes from the provider. `status`: 401 nothing was shown, 403 it is wrong."""

    def __init__(self, reason: str, *, status: int = 403) -> None:
        super().__init__(reason)
        self.status = status


class Unreadable(ValueError):
    """The provider said it, but not in a form that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, as it came."""

    body: bytes
    headers: Mapping[str, str]  # by lower-case name
    url: str  # as the provider was given it, with its query
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of one message at one address."""

    kind: Kind
    at: datetime
    address: str | None = None
    message: UUID | None = None  # ours, when it can be told from a Message-ID or what we sent along
    provider_id: str | None = None
    sent_at: datetime | None = None  # when the provider took it: with the address it tells which message is meant
    channel: str = "email"
    hard: bool = False  # of a bounce or failure: it would fail again
    reason: str | None = None
    link: str | None = None
    agent: str | None = None  # of an open or click; None: the provider does not say
    is_machine: bool = False  # the provider itself says so


class Provider(Protocol):
    def verify(self, call: Call, secret: str) -> str:
        """The id by which this call is known when it comes again; "" when only its body tells. Raises Refused."""

    def read(self, body: bytes, now: datetime) -> list[Report]:
        """Of a body that was verified; `now` for those that give no time. Raises Unreadable."""
