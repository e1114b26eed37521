"""What strangers said, as PostgreSQL can keep it."""

from __future__ import annotations


def storable(text: str) -> str:
    """Without NUL, and with a question mark for half of a pair, which UTF-8 has no bytes for."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
