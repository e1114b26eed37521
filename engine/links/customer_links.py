"""The links under a mail: to leave, to choose, to confirm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias
from uuid import UUID

from engine.links.tokens import open_token, sign

Purpose: TypeAlias = Literal["unsubscribe", "preferences", "confirm"]

#: Between channels and topics; none has it in its name.
SEPARATOR = ","
#: Where each page lives.
PATHS: dict[Purpose, str] = {"unsubscribe": "u", "preferences": "p", "confirm": "c"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Of links: who can be reached where, and signs how."""

    public_url: str  # without a slash at the end
    key: bytes

    def url(self, purpose: Purpose, link: CustomerLink) -> str:
        return f"{self.public_url}/{PATHS[purpose]}/{sign_link(self.key, purpose, link)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerLink:
    """Whose link it is, and which message it came with. The token shows ids and names, no address."""

    customer: UUID
    message: UUID
    channel: str
    what: str | None = None  # the topic of the message; of a link to confirm: channels and topics, by SEPARATOR
    at: datetime | None = None  # when it was made, in whole seconds


def sign_link(key: bytes, purpose: Purpose, link: CustomerLink) -> str:
    at = int(link.at.timestamp()) if link.at else None
    return sign(key, purpose, (link.customer, link.message, link.channel, link.what, at))


def open_link(key: bytes, purpose: Purpose, token: str) -> CustomerLink | None:
    match open_token(key, purpose, token):
        case (UUID() as customer, UUID() as message, str() as channel, (str() | None) as what, (int() | None) as at):
            made = datetime.fromtimestamp(at, UTC) if at is not None else None
            return CustomerLink(customer=customer, message=message, channel=channel, what=what, at=made)
        case _:
            return None
