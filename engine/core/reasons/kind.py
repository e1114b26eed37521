"""What a reason is: a code with facts. In records it stands as an English sentence, made and read in this one place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

_LENGTH = r"(?:\d+ )?(?:second|minute|hour|day|week|month|year)s?"
#: What facts of these names look like, so that no sentence is taken for another. All others may be any text.
_LOOKS: Final[Mapping[str, str]] = {
    "channel": r"\w+",
    "topic": r"\w+",
    "what": r"\w+",
    "event": r"\w+",
    "n": r"\d+",
    "lost": r"\d+",
    "known": r"\d+",
    "per": _LENGTH,
    "domain": r"\S+",
    "who": r"\S+",
    "answer": r"\d.*",
}
_FACT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class ReasonKind:
    """`recorded` must never change: rows of years are written by it, and read back by it."""

    code: str
    recorded: str  # `{fact}` for each fact
    told: Callable[..., str]  # by the same facts, for people, in each language
    looks: str | None = None  # a pattern in place of `recorded`, where an author chose the words

    def of(self, **facts: object) -> str:
        """As it is recorded. Raises KeyError when a fact is missing."""
        return self.recorded.format_map(facts)

    def facts_in(self, sentence: str) -> dict[str, str] | None:
        """None: the sentence is of another kind."""
        found = _pattern(self.looks or _pattern_of(self.recorded)).fullmatch(sentence)
        return found.groupdict() if found is not None else None


def _pattern_of(recorded: str) -> str:
    parts = _FACT.split(recorded)  # text, name, text, …
    return "".join(
        f"(?P<{part}>{_LOOKS.get(part, '.+')})" if place % 2 else re.escape(part) for place, part in enumerate(parts)
    )


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL)
