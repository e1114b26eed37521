"""What is said of a parameter that does not fit: words, and never a pattern."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from api.schemas.language import Name
from api.server.parameters import Address, ChannelName, Locale, SearchWords, TemplateName, reason_of


def said_of(kind: Any, written: str) -> str:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(written)
    [error] = caught.value.errors()
    return reason_of(error)


@pytest.mark.parametrize(
    ("kind", "written", "reason"),
    [
        (ChannelName, "E-Mail", "must be the name of a channel, in small letters: email"),
        (ChannelName, "email\n", "must be the name of a channel, in small letters: email"),
        (Address, "", "must say something, without the character NUL"),
        (TemplateName, "../cart", "may hold letters, digits, `_` and `-` only"),
        (Locale, "ru_RU", "must be a language, such as en or ru-RU"),
        (SearchWords, "a\x00b", "must not hold the character NUL"),
        (Name, "rules\\cart.rules", "must be a path with `/`, without control characters"),
        (TemplateName, "a" * 65, "String should have at most 64 characters"),
    ],
)
def test_a_text_of_the_wrong_shape_is_refused_in_words(kind: Any, written: str, reason: str):
    assert said_of(kind, written) == reason


def test_programs_find_the_pattern_in_the_description_of_the_api():
    described = TypeAdapter(TemplateName).json_schema()

    assert described == {"maxLength": 64, "pattern": "^[A-Za-z0-9_-]*$", "type": "string"}
