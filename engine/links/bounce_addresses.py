"""The address that a mail's bounces come back to: one for each message, so that a report is told to it whatever the
report quotes (VERP). Lower-case letters and digits alone, because mail servers change the case of addresses."""

from __future__ import annotations

import hmac
import re
from base64 import b32decode, b32encode
from uuid import UUID

#: 128 bits of the message, 80 of a signature: 42 characters, and 64 are allowed before the @.
_MAC_BYTES = 10
LONGEST_LOCAL = 64 - 42 - 1
_TOKEN = re.compile(r"\+([a-z2-7]{42})@", re.IGNORECASE)


def bounce_address(key: bytes, mailbox: str, message: UUID) -> str:
    """`bounce@shop.example` becomes `bounce+TOKEN@shop.example`."""
    local, _, domain = mailbox.rpartition("@")
    token = b32encode(message.bytes + _mac(key, message)).decode().rstrip("=").lower()
    return f"{local}+{token}@{domain}"


def message_of_address(key: bytes, text: str) -> UUID | None:
    """Whose bounce it is, of a text with such an address somewhere in it; None when it holds none of ours."""
    for token in _TOKEN.findall(text):
        try:
            raw = b32decode(token.upper() + "=" * 6)
        except ValueError:  # the last character has bits that nobody uses
            continue
        message = UUID(bytes=raw[:16])
        if hmac.compare_digest(raw[16:], _mac(key, message)):
            return message
    return None


def _mac(key: bytes, message: UUID) -> bytes:
    return hmac.digest(key, b"bounce address" + message.bytes, "sha256")[:_MAC_BYTES]
