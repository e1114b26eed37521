"""In which language pages for customers speak."""

from __future__ import annotations

import pytest

from api.public.words import language_of


@pytest.mark.parametrize(
    ("said", "spoken"),
    [
        ((None, "ru-RU,ru;q=0.9"), "ru"),
        (("en", "ru"), "en"),
        (("fr_FR", "de, ru;q=0.8"), "ru"),
        ((None, "fr", "ru"), "ru"),
        (("fr", None, None), "en"),
    ],
    ids=["browser", "customer first", "what we do not speak is passed over", "shop last", "else english"],
)
def test_a_page_speaks_the_first_language_that_we_speak(said: tuple[str | None, ...], spoken: str):
    assert language_of(*said) == spoken
