"""Header lines, written by hand: Python 3.11's own folding mangles long names and subjects, and some of its versions
decode what they are given into new header lines. Values were looked at before (`addresses.py`)."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator

from engine.channels.addresses import Mailbox

_PLAIN = re.compile(r"[\x20-\x7e]{0,60}")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
#: Bytes in one encoded word: 52 letters of base64, so that a line with the name of its header stays below 78.
_WORD_BYTES = 39


def words(text: str) -> str:
    """Unstructured text as it is, or as encoded words (RFC 2047) on folded lines."""
    if _PLAIN.fullmatch(text) and text == text.strip():
        return text
    return "\r\n ".join(f"=?utf-8?b?{b64encode(part).decode()}?=" for part in _parts(text))


def mailbox(value: Mailbox) -> str:
    """`Shop <hello@shop.example>`; a name is quoted when it has to be."""
    if not value.name:
        return value.address
    name = words(value.name)
    if name == value.name and not _ATOMS.fullmatch(name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    # An address may be long, so it begins a line of its own beside a long name.
    return f"{name}{'' if len(name) + len(value.address) < 60 else chr(13) + chr(10)} <{value.address}>"


def _parts(text: str) -> Iterator[bytes]:
    """UTF-8 in pieces that hold whole characters."""
    part = b""
    for character in text:
        encoded = character.encode()
        if len(part) + len(encoded) > _WORD_BYTES:
            yield part
            part = b""
        part += encoded
    yield part
