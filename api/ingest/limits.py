"""What may be inside an event. Nothing gets past here that the database, the rules or a template would choke on.

`is_clean` is the hot path: yes or no, level by level, no paths. `first_fault` is asked only after a no, and finds
where and why. A test holds the two to the same verdict.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

MAX_DEPTH = 16  # containers within containers, the event itself counted
MAX_KEYS = 256  # of one object
MAX_KEY = 256  # characters
MAX_STRING = 8192  # characters
MAX_NUMBER = 2**53  # beyond it a double cannot tell neighbours apart

_NUMBERS = frozenset({int, float})


class Fault(NamedTuple):
    path: str
    reason: str


def is_clean(value: object, *, nul: bool) -> bool:
    """Whether JSON that orjson accepted keeps the limits. `nul` says whether a NUL character is possible at all."""
    level: list[object] = [value]
    for _ in range(MAX_DEPTH + 1):
        below: list[object] = []
        for container in level:
            if type(container) is not dict:
                elements: Iterable[object] = container  # type: ignore[assignment]
            elif _has_clean_keys(container, nul):
                elements = container.values()
            else:
                return False
            for element in elements:
                kind = type(element)
                if kind is str:
                    if len(element) > MAX_STRING or (nul and "\0" in element):  # type: ignore[arg-type, operator]
                        return False
                elif kind is dict or kind is list:
                    below.append(element)
                elif kind in _NUMBERS and not -MAX_NUMBER <= element <= MAX_NUMBER:  # type: ignore[operator]
                    return False
        if not below:
            return True
        level = below
    return False


def _has_clean_keys(container: dict[str, object], nul: bool) -> bool:
    if len(container) > MAX_KEYS:
        return False
    for key in container:  # noqa: SIM110 - a generator would double the cost of the whole walk
        if len(key) > MAX_KEY or (nul and "\0" in key):
            return False
    return True


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
        return _fault_of_text(element, MAX_STRING)
    if isinstance(element, bool) or element is None:
        return None
    if isinstance(element, int | float):
        return None if -MAX_NUMBER <= element <= MAX_NUMBER else _fault_of_number(element)
    if depth > MAX_DEPTH + 1:
        return f"is nested more than {MAX_DEPTH} deep"
    if isinstance(element, dict) and len(element) > MAX_KEYS:
        return f"has more than {MAX_KEYS} keys"
    return None


def _fault_of_number(number: float) -> str:
    if number != number or number in (float("inf"), float("-inf")):
        return "is not a finite number"
    return "is a number beyond 2^53, which would lose digits; send it as text"


def _fault_of_text(text: str, most: int) -> str | None:
    if len(text) > most:
        return f"is longer than {most} characters"
    if "\0" in text:
        return "contains a NUL character"
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return "is not valid UTF-8 (half of a surrogate pair)"
    return None


def _fault_of_key(key: str) -> str | None:
    fault = _fault_of_text(key, MAX_KEY)
    return f"has a key that {fault}" if fault else None
