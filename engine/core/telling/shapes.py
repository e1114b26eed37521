"""Details of notes, read back from the sentences in which they are recorded."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

from dsl.messages import Message

Shape: TypeAlias = tuple[re.Pattern[str], Callable[[re.Match[str]], Message]]


def said_by(shapes: Sequence[Shape], text: str) -> Message | None:
    for pattern, tell in shapes:
        if (match := pattern.fullmatch(text)) is not None:
            return tell(match)
    return None


def shape(pattern: str, tell: Callable[[re.Match[str]], Message]) -> Shape:
    return re.compile(pattern, re.DOTALL), tell
