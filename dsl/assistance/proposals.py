"""What completion proposes, and whether it is what somebody has begun to write."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from dsl.alphabets import swapped_layout
from dsl.assistance.cursor import Cursor

ProposalKind: TypeAlias = Literal[
    "event", "attribute", "property", "definition", "segment", "constant", "template", "channel", "value", "keyword",
    "snippet", "file", "tag", "variable", "name",
]  # fmt: skip

#: What a place is made for, what is likely there, what may also stand there.
WANTED, LIKELY, POSSIBLE, RARE = 10, 30, 50, 70

_PARTS = re.compile(r"[\s_.]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    label: str
    kind: ProposalKind
    text: str = ""  # what is written; the label when empty
    detail: str = ""  # one line: a type, a title
    rank: int = POSSIBLE  # lower comes first
    is_snippet: bool = False  # `text` has ${1:places} to fill
    found_by: tuple[str, ...] = ()  # other words that lead here: the titles of an event

    @property
    def written(self) -> str:
        return self.text or self.label


Propose: TypeAlias = Callable[[Cursor], Iterator[Proposal]]


def fits(proposal: Proposal, typed: str, *, whole: bool) -> bool:
    """Whether it begins like what was typed, in either keyboard layout. `whole`: no part of it alone will do."""
    wanted = " ".join(typed.lower().split()) + (" " if whole and typed[-1:].isspace() else "")
    if not wanted:
        return True
    other = swapped_layout(wanted)
    return any(
        word.startswith(wanted) or bool(other and word.startswith(other)) for word in _beginnings(proposal, whole=whole)
    )


def _beginnings(proposal: Proposal, *, whole: bool) -> Iterator[str]:
    for text in (proposal.label, *proposal.found_by):
        lower = text.lower()
        yield lower
        if not whole:
            yield from _PARTS.split(lower)[1:]
