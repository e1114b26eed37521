"""Who an event belongs to and where that customer lives: pure functions of the key, so ingestion looks nothing up.

A customer's key is `u:` + userId for a known customer, `a:` + anonymousId for an anonymous one. Ids are the first
128 bits of BLAKE2b over length-prefixed parts, so parts cannot be shifted into each other.
"""

from collections.abc import Callable, Iterable
from functools import cache
from hashlib import blake2b
from struct import Struct
from uuid import UUID, SafeUUID

_length = Struct(">I").pack
_LENGTHS = tuple(map(_length, range(256)))
_AN_ID = _LENGTHS[32]  # hexadecimal digits
_set_int, _set_is_safe, _UNKNOWN = UUID.__dict__["int"].__set__, UUID.__dict__["is_safe"].__set__, SafeUUID.unknown


def known_key(user_id: str) -> str:
    return "u:" + user_id


def anonymous_key(anonymous_id: str) -> str:
    return "a:" + anonymous_id


def typed_key(text: str) -> str:
    """As people type a customer: a key, or a bare userId."""
    return text if text[:2] in ("u:", "a:") else known_key(text)


def derived_id(kind: str, *parts: str) -> UUID:
    """The same id for the same parts, in every process and for ever."""
    return uuid_of(derived_bytes(kind, *parts))


def uuid_of(digest: bytes) -> UUID:
    made = object.__new__(UUID)  # a third of the cost of its constructor, which looks for six ways to be called
    _set_int(made, int.from_bytes(digest, "big"))
    _set_is_safe(made, _UNKNOWN)
    return made


def derived_bytes(kind: str, *parts: str) -> bytes:
    """What `derived_id` is made of, for who has a cheaper UUID class at hand."""
    digest = _begun(kind).copy()  # less than half of what it costs to begin one
    content = b""
    for part in parts:
        encoded = part.encode()
        size = len(encoded)
        content += (_LENGTHS[size] if size < 256 else _length(size)) + encoded
    digest.update(content)
    return digest.digest()


def naming(kind: str, *parts: str) -> Callable[[Iterable[bytes]], list[bytes]]:
    """`derived_bytes` with more parts, of many that begin alike. It takes the rest of each as `part` writes it."""
    begun = _begun(kind).copy()
    begun.update(b"".join(map(part, parts)))

    def named(rests: Iterable[bytes]) -> list[bytes]:
        found, copy = [], begun.copy
        for rest in rests:
            digest = copy()
            digest.update(rest)
            found.append(digest.digest())
        return found

    return named


def part(text: str) -> bytes:
    """With its length before it."""
    encoded = text.encode()
    return _length(len(encoded)) + encoded


def id_part(digits: str) -> bytes:
    """Of an id that stands in another."""
    return _AN_ID + digits.encode()


@cache
def _begun(kind: str) -> blake2b:
    return blake2b(digest_size=16, person=kind.encode()[:16])


def customer_id(key: str) -> UUID:
    return derived_id("customer", key)


def event_id(source: str, message_id: str) -> UUID:
    return derived_id("event", source, message_id)


def partition_of(customer: UUID, partitions: int) -> int:
    return int.from_bytes(customer.bytes[:4], "big") % partitions
