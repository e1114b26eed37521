"""What the links of a mail carry, signed: enough to send the customer on though the database is away."""

from __future__ import annotations

import zlib
from typing import NamedTuple
from uuid import UUID

from engine.links.tokens import LONGEST, Payload, open_token, sign

CLICK, OPEN, VIEW = "click", "open", "view"
_LONGEST_TARGET = 8192


class Place(NamedTuple):
    """A message, and the partition it was sent from: it may have moved since, with its customer."""

    partition: int
    message: UUID


class Link(NamedTuple):
    place: Place
    number: int  # of the links of this mail, from 1; the same target has one number
    of: int  # how many different targets the mail has
    target: str


def link_token(key: bytes, link: Link) -> str | None:
    """None: the target is too long for a link."""
    if len(link.target) > _LONGEST_TARGET:
        return None
    token = sign(key, CLICK, (*link.place, link.number, link.of, _packed(link.target)))
    return token if len(token) <= LONGEST else None


def read_link(key: bytes, token: str) -> Link | None:
    """None for everything that was not signed here as a link of a mail."""
    match open_token(key, CLICK, token):
        case (int(partition), UUID() as message, int(number), int(of), str() | bytes() as packed):
            return Link(Place(partition, message), number, of, _unpacked(packed))
    return None


def place_token(key: bytes, purpose: str, place: Place) -> str:
    """`purpose`: OPEN or VIEW."""
    return sign(key, purpose, tuple(place))


def read_place(key: bytes, purpose: str, token: str) -> Place | None:
    payload: Payload | None = open_token(key, purpose, token)
    match payload:
        case (int(partition), UUID() as message):
            return Place(partition, message)
    return None


def _packed(target: str) -> str | bytes:
    """Long links press well: they repeat their words."""
    if len(target) < 120:
        return target
    pressed = zlib.compress(target.encode(), 9)
    return pressed if len(pressed) < len(target.encode()) else target


def _unpacked(packed: str | bytes) -> str:
    return packed if isinstance(packed, str) else zlib.decompress(packed).decode()
