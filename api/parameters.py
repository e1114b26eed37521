"""Parameters that several routes take, and what is said of one that does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import AfterValidator

from engine.core.identity import typed_key

LONGEST_ID = 256
_EXPECTED = f"must be a customer: your own id, such as 42, of at most {LONGEST_ID} characters; or a key: u:42, a:…"
_ABOUT = "your own id of the customer, or a key: `u:42`, or `a:…` of an anonymous one"


def _customer(written: str) -> str:
    """The key. Raises ValueError."""
    key = typed_key(written)
    if not written or not 2 < len(key) <= LONGEST_ID + 2 or "\x00" in key:
        raise ValueError(_EXPECTED)
    return key


CustomerInPath = Annotated[str, AfterValidator(_customer), Path(description=_ABOUT, examples=["42", "u:42"])]
Customer = Annotated[str, AfterValidator(_customer), Query(description=_ABOUT, examples=["42", "u:42"])]

#: What the patterns of parameters ask for, in words.
_PATTERNS = {
    r"^[a-z]{1,20}$": "must be the name of a channel, in small letters: email",
    r"^[^\x00]*$": "must not hold the character NUL",
    r"^[^\x00]+$": "must say something, without the character NUL",
    r"^[A-Za-z0-9_-]*$": "may hold letters, digits, `_` and `-` only",
    r"^[A-Za-z-]*$": "must be a language, such as en or ru-RU",
}


def reason_of(error: Mapping[str, Any]) -> str:
    """What is wrong with a value, by pydantic's error: never a pattern for people to read."""
    facts = error.get("ctx") or {}
    if error["type"] == "string_pattern_mismatch":
        return _PATTERNS.get(facts.get("pattern", ""), "has characters that cannot stand here")
    if error["type"] == "value_error" and "error" in facts:
        return str(facts["error"])
    return str(error["msg"])
