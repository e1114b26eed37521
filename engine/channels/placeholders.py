"""What stands in braces in the description of a gateway: `{phone}`, `{SMS_KEY}`. Once over, so that what is put in is
never looked at again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_NAME = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


def filled(text: str, values: Mapping[str, str], escape: Callable[[str], str] = str) -> str:
    """Every name must have a value."""
    return _NAME.sub(lambda match: escape(values[match[1]]), text)


def names_in(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield from _NAME.findall(part)
    elif isinstance(part, Mapping):
        for each in part.values():
            yield from names_in(each)
    elif isinstance(part, list):
        for each in part:
            yield from names_in(each)
