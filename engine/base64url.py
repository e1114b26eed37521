"""Bytes as text for URLs (RFC 4648, section 5), without padding."""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode


def to_text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_text(text: str) -> bytes:
    """Raises ValueError for any character outside of the alphabet."""
    return b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
