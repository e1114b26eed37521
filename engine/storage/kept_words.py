"""Text from outside, made into text that PostgreSQL can store."""

from __future__ import annotations


def storable(text: str) -> str:
    """Without NUL characters, and with a question mark for each lone surrogate, which UTF-8 cannot encode."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
