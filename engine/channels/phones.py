"""Phone numbers as providers want them: E.164, a plus and up to 15 digits."""

from __future__ import annotations

import re

_SEPARATORS = re.compile(r"[\s().\-/\u00a0\u2010-\u2015]+")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def e164(written: str) -> str | None:
    """None: it is no number with its country. `+49 (170) 123-45-67` and `0049170…` are; `0170…` could be anywhere."""
    number = _SEPARATORS.sub("", written)
    if number.startswith("00"):
        number = "+" + number[2:]
    return number if _E164.fullmatch(number) else None
