"""What may be inside an event. Nothing gets past here that the database, the rules or a template would choke on.

`is_plain` is the hot path: a few counts over the bytes of an event, which prove for nearly all events that no limit can
be broken. The others are walked by `first_fault`, which finds where and why. A test holds the two to one verdict.
"""

from __future__ import annotations

from typing import NamedTuple

MAX_DEPTH = 16  # containers within containers, the properties themselves counted
MAX_KEYS = 256  # of one object
MAX_STRING = 8192  # characters, keys too
MAX_INTEGER = 2**53 - 1  # beyond it a double cannot tell neighbours apart; orjson refuses it with OPT_STRICT_INTEGER
_FEW_KEYS = 4 * MAX_KEYS  # bytes: a key and its value are five or more, `"":1,`
MAX_FLOAT = 1e16  # from here orjson writes an exponent: "1e+16"


class Fault(NamedTuple):
    path: str
    reason: str


def is_plain(encoded: bytes) -> bool:
    """Whether compact JSON, written by orjson, of which no string holds NUL, surely keeps all limits."""
    return (
        len(encoded) <= MAX_STRING
        and encoded.count(b"{") + (b"[" in encoded and encoded.count(b"[")) <= MAX_DEPTH
        and (len(encoded) <= _FEW_KEYS or encoded.count(b":") <= MAX_KEYS)
        and b"e+" not in encoded
    )


def first_fault(value: object, path: str = "$", *, depth: int = 1) -> Fault | None:
    """The first thing that breaks a limit, in document order. Takes what Python's own, more lenient parser lets in."""
    stack: list[tuple[str, object, int]] = [(path, value, depth)]
    while stack:
        where, element, level = stack.pop()
        reason = _fault_of(element, level)
        if reason:
            return Fault(where, reason)
        if isinstance(element, dict):
            for key in element:
                if fault := _fault_of_key(key):
                    return Fault(where, fault)
            stack.extend((f"{where}.{key}", inner, level + 1) for key, inner in reversed(element.items()))
        elif isinstance(element, list):
            inner = [(f"{where}[{place}]", inner, level + 1) for place, inner in enumerate(element)]
            stack.extend(reversed(inner))
    return None


def _fault_of(element: object, depth: int) -> str | None:
    if isinstance(element, str):
        return _fault_of_text(element)
    if isinstance(element, bool) or element is None:
        return None
    if isinstance(element, int | float):
        return _fault_of_number(element)
    if depth > MAX_DEPTH:
        return f"is nested more than {MAX_DEPTH} deep"
    if isinstance(element, dict) and len(element) > MAX_KEYS:
        return f"has more than {MAX_KEYS} keys"
    return None


def _fault_of_number(number: float) -> str | None:
    if -MAX_INTEGER <= number <= MAX_INTEGER or (isinstance(number, float) and abs(number) < MAX_FLOAT):
        return None
    if number != number or number in (float("inf"), float("-inf")):
        return "is not a finite number"
    return "is a number beyond 2^53, which would lose digits; send it as text"


def _fault_of_text(text: str) -> str | None:
    if len(text) > MAX_STRING:
        return f"is longer than {MAX_STRING} characters"
    if "\0" in text:
        return "contains a NUL character"
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return "is not valid UTF-8 (half of a surrogate pair)"
    return None


def _fault_of_key(key: str) -> str | None:
    fault = _fault_of_text(key)
    return f"has a key that {fault}" if fault else None
