"""Parameters that routes take, and what is said of one that does not fit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import AfterValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, StringConstraints
from pydantic_core import CoreSchema, core_schema

from engine.core.identity import typed_key

LONGEST_ID = 256
_EXPECTED = f"must be a customer: your own id, such as 42, of at most {LONGEST_ID} characters; or a key: u:42, a:…"
_ABOUT = "your own id of the customer, or a key: `u:42`, or `a:…` of an anonymous one"


@dataclass(frozen=True, slots=True)
class Shape:
    """A pattern for programs, which stands in the API's description, and the words for people who miss it."""

    pattern: str
    expected: str  # goes on after the name of the parameter: "must be …"

    def check(self, written: str) -> str:
        """Raises ValueError."""
        if not re.fullmatch(self.pattern, written):
            raise ValueError(self.expected)
        return written

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "pattern": self.pattern}


_HAS_NO_NUL = Shape(r"^[^\x00]*$", "must not hold the character NUL")

ChannelName = Annotated[str, Shape(r"^[a-z]{1,20}$", "must be the name of a channel, in small letters: email")]
Address = Annotated[
    str,
    StringConstraints(max_length=400),
    Shape(r"^[^\x00]+$", "must say something, without the character NUL"),
]
TemplateName = Annotated[
    str,
    StringConstraints(max_length=64),
    Shape(r"^[A-Za-z0-9_-]*$", "may hold letters, digits, `_` and `-` only"),
]
Locale = Annotated[
    str,
    StringConstraints(max_length=12),
    Shape(r"^[A-Za-z-]*$", "must be a language, such as en or ru-RU"),
]
SearchWords = Annotated[str, StringConstraints(max_length=200), _HAS_NO_NUL]


def _customer(written: str) -> str:
    """The key. Raises ValueError."""
    key = typed_key(written)
    if not written or not 2 < len(key) <= LONGEST_ID + 2 or "\x00" in key:
        raise ValueError(_EXPECTED)
    return key


CustomerInPath = Annotated[str, AfterValidator(_customer), Path(description=_ABOUT, examples=["42", "u:42"])]
Customer = Annotated[str, AfterValidator(_customer), Query(description=_ABOUT, examples=["42", "u:42"])]
CustomerIfAny = Annotated[Annotated[str, AfterValidator(_customer)] | None, Query(description=_ABOUT, examples=["42"])]


def reason_of(error: Mapping[str, Any]) -> str:
    """What is wrong with a value, by pydantic's error."""
    facts = error.get("ctx") or {}
    if error["type"] == "value_error" and "error" in facts:
        return str(facts["error"])
    return str(error["msg"])
