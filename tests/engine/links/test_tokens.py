"""Links in mails can be read by everybody and made by us alone."""

from __future__ import annotations

import random
import string
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.links.tokens import LONGEST, open_token, sign

KEY = b"0123456789abcdef0123456789abcdef"
MESSAGE = UUID("6f1c2c38-6c1f-5b1e-9e0a-0a4b5d6c7e8f")
ALPHABET = string.ascii_letters + string.digits + "-_"
PARTS = st.one_of(st.none(), st.uuids(), st.integers(-(10**30), 10**30), st.text(max_size=20), st.binary(max_size=20))


@given(st.lists(PARTS, max_size=6).map(tuple))
def test_what_was_signed_is_read_again(payload: tuple[UUID | str | int | bytes | None, ...]) -> None:
    token = sign(KEY, "unsubscribe", payload)

    assert open_token(KEY, "unsubscribe", token) == payload
    assert set(token) <= set(ALPHABET)


def _mutated(token: str, chance: random.Random) -> str:
    place = chance.randrange(len(token))
    match chance.randrange(8):
        case 0:
            return token[:place] + chance.choice(ALPHABET) + token[place + 1 :]
        case 1:
            return token[:place] + token[place + 1 :]
        case 2:
            return token[:place] + chance.choice(ALPHABET) + token[place:]
        case 3:
            return token[:place]
        case 4:
            return token + chance.choice(["=", "==", "A", " ", "\n", "%20", ".", "é"])
        case 5:
            return token.swapcase() if place % 2 else token[::-1]
        case 6:  # the last character holds bits that decode to nothing
            return token[:-1] + chance.choice(ALPHABET)
        case _:
            other = sign(KEY, "unsubscribe", (3, MESSAGE, "news"))
            return token[:place] + other[place:]


def test_of_ten_thousand_changed_links_none_opens() -> None:
    chance = random.Random(4)
    tokens = [sign(KEY, "unsubscribe", (n, MESSAGE, *["news"] * (n % 3))) for n in range(20)]
    opened = tried = 0

    while tried < 10_000:
        token = chance.choice(tokens)
        changed = _mutated(token, chance)
        if changed in tokens or changed == sign(KEY, "unsubscribe", (3, MESSAGE, "news")):
            continue
        tried += 1
        opened += open_token(KEY, "unsubscribe", changed) is not None

    assert opened == 0


@pytest.mark.parametrize(
    ("key", "purpose"),
    [(KEY, "preferences"), (KEY, "unsubscribe2"), (KEY, ""), (KEY[:-1] + b"x", "unsubscribe")],
    ids=["another purpose", "a longer purpose", "no purpose", "another key"],
)
def test_a_token_opens_for_its_purpose_and_key_alone(key: bytes, purpose: str) -> None:
    token = sign(KEY, "unsubscribe", (MESSAGE,))

    assert open_token(key, purpose, token) is None


def test_a_purpose_cannot_take_from_the_payload() -> None:
    token = sign(KEY, "un", (b"subscribe",))

    assert open_token(KEY, "unb", token) is None


@given(st.text(max_size=80))
def test_no_text_is_a_token_by_chance_and_none_raises(text: str) -> None:
    assert open_token(KEY, "unsubscribe", text) is None


def test_an_endless_link_is_refused_unread() -> None:
    assert open_token(KEY, "unsubscribe", "A" * (LONGEST + 1)) is None
