"""The types of the language. A kind is a short word, the same in the schema, the plan and the messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from dsl.messages import say

Scalar: TypeAlias = Literal["text", "number", "flag", "date", "moment", "money"]

SCALARS: tuple[Scalar, ...] = ("text", "number", "flag", "date", "moment", "money")

#: What a marketer reads for a kind in a message.
WORDS: dict[str, str] = {
    "text": say("text"),
    "number": say("a number"),
    "flag": say("yes or no"),
    "date": say("a date"),
    "moment": say("a date and time"),
    "money": say("an amount of money"),
    "duration": say("a length of time"),
    "percent": say("a percentage"),
    "record": say("an object"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """The type of an event property or a customer attribute.

    `list_of` wraps the kind: `list of text`. `fields` describes a record (only as an element of a list, or a
    nested object), `values` an enumeration of texts.
    """

    name: str  # a Scalar, "duration", "percent" or "record"
    is_list: bool = False
    optional: bool = False  # may be missing even in a well-formed event
    values: tuple[str, ...] = ()
    fields: dict[str, Kind] = field(default_factory=dict)
    repeats: Literal["yearly"] | None = None  # dates only: a birthday
    title: dict[str, str] = field(default_factory=dict)  # by language; a rule may write it for the name
    personal: bool = False  # personal data: never in logs, replaced in recorded tests

    def __str__(self) -> str:
        return f"list of {self.name}" if self.is_list else self.name
