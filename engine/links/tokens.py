"""Signed texts for links: what they say can be read by anybody and changed by nobody."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from functools import lru_cache
from hashlib import sha256
from typing import TypeAlias
from uuid import UUID

from engine.base64url import from_text, to_text

Part: TypeAlias = str | int | bytes | UUID | None
Payload: TypeAlias = tuple[Part, ...]

_MAC_BYTES = 16
#: Longer ones are none of ours, and not worth a hash.
LONGEST = 4096


def sign(key: bytes, purpose: str, payload: Payload) -> str:
    """A token of letters, digits, `-` and `_`, the same for the same payload. It opens for this purpose alone, and has
    no end unless the payload says one."""
    packed = b"".join(_packed(part) for part in payload)
    return to_text(_mac(key, purpose, packed) + packed)


def open_token(key: bytes, purpose: str, token: str) -> Payload | None:
    """What was signed; None for anything else, a changed character as well as a token of another purpose or key."""
    if len(token) > LONGEST or not token.isascii():
        return None
    try:
        raw = from_text(token)
    except ValueError:
        return None
    mac, packed = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    # Several texts decode to the same bytes; only the one that was given out is a token.
    if not hmac.compare_digest(mac, _mac(key, purpose, packed)) or to_text(raw) != token:
        return None
    return tuple(_unpacked(packed))


def _mac(key: bytes, purpose: str, packed: bytes) -> bytes:
    name = purpose.encode()
    mac = _keyed(key).copy()
    mac.update(len(name).to_bytes(2, "big") + name + packed)
    return mac.digest()[:_MAC_BYTES]


@lru_cache(16)
def _keyed(key: bytes) -> hmac.HMAC:
    """To begin with a key takes as long as the rest, and a server has one."""
    return hmac.new(key, digestmod=sha256)


def _packed(part: Part) -> bytes:
    """A letter for its kind, two bytes for its length, and the content."""
    match part:
        case None:
            return b"n"
        case UUID():
            return b"u" + part.bytes
        case int():
            kind, content = b"i", str(int(part)).encode()
        case str():
            kind, content = b"s", part.encode()
        case bytes():
            kind, content = b"b", part
    return kind + len(content).to_bytes(2, "big") + content


def _unpacked(packed: bytes) -> Iterator[Part]:
    """Only of what was signed, so it is whole."""
    place = 0
    while place < len(packed):
        kind = packed[place : place + 1]
        place += 1
        if kind == b"n":
            yield None
            continue
        size = 16
        if kind != b"u":
            size = int.from_bytes(packed[place : place + 2], "big")
            place += 2
        content = packed[place : place + size]
        place += size
        yield _READERS[kind](content)


_READERS: dict[bytes, Callable[[bytes], Part]] = {
    b"u": lambda content: UUID(bytes=content),
    b"i": int,
    b"s": lambda content: content.decode(),
    b"b": lambda content: content,
}
