"""What every node is, and the two kinds of words: names and texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal as OneWord
from typing import TypeAlias

from dsl.source import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(Node):
    """A word without quotes: an event, a segment, a definition, a property."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Node):
    """A word in quotes, without them."""

    text: str


Unit: TypeAlias = OneWord["second", "minute", "hour", "day", "week", "month", "year"]
