"""Personal data replaced: the same value by the same one everywhere, and of the same shape."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dsl.plan import JSON

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"\+?[\d\s().-]{7,20}")


@dataclass(slots=True)
class Pseudonyms:
    """Of one test: replacements are counted, so nothing of a value can be found again in what replaces it."""

    _known: dict[JSON, JSON] = field(default_factory=dict)

    def of(self, value: JSON) -> JSON:
        """The replacement of a value that must not be told."""
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            return value if isinstance(value, bool) or value == "" else None
        key = str(value)
        if key not in self._known:
            self._known[key] = _replaced(key, len(self._known) + 1)
        made = self._known[key]
        return int(made) if isinstance(value, int) and isinstance(made, str) and made.isdigit() else made

    def within(self, value: JSON) -> JSON:
        """A value that may be told, unless it is, holds or looks like one that must not."""
        if not isinstance(value, str):
            return (
                self._known.get(str(value), value) if isinstance(value, int) and not isinstance(value, bool) else value
            )
        if value in self._known or _EMAIL.fullmatch(value) or _is_phone(value):
            return self.of(value)
        for secret, made in self._known.items():
            if isinstance(secret, str) and len(secret) > 2:
                value = re.sub(rf"\b{re.escape(secret)}\b", str(made), value)
        return _EMAIL.sub(lambda found: str(self.of(found[0])), value)


def _is_phone(value: str) -> bool:
    return bool(_PHONE.fullmatch(value)) and sum(map(str.isdigit, value)) >= 9


def _replaced(value: str, number: int) -> str:
    if _EMAIL.fullmatch(value):
        return f"customer{number}@example.com"
    if any(character.isdigit() for character in value):
        return _with_digits(value, number)
    return "".join(_letter(each, number) for each in value)


def _with_digits(value: str, number: int) -> str:
    """Digits become zeros, and the last ones the number; the letters of an id, "order-17", tell nothing."""
    digits = str(number).zfill(sum(map(str.isdigit, value)))
    left = iter(digits[-sum(map(str.isdigit, value)) :])
    has_first = value[:1].isdigit() and len(digits) > 1
    made = "".join(next(left) if each.isdigit() else each if not each.isalpha() else "x" for each in value)
    return f"9{made[1:]}" if has_first else made


def _letter(character: str, number: int) -> str:
    if not character.isalpha():
        return character
    letter = chr(ord("a") + (number - 1) % 26)
    return letter.upper() if character.isupper() else letter
