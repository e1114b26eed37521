"""What every node is, and the two kinds of words: names and texts."""

from __future__ import annotations

from dataclasses import field
from typing import Literal as OneWord
from typing import TypeAlias

from dsl.records import record
from dsl.source import Span


@record(kw_only=True)
class Node:
    span: Span = field(compare=False)


@record(kw_only=True)
class Name(Node):
    """A word without quotes: an event, a segment, a definition, a property."""

    text: str


@record(kw_only=True)
class Text(Node):
    """A word in quotes, without them."""

    text: str


Unit: TypeAlias = OneWord["second", "minute", "hour", "day", "week", "month", "year"]
