"""Did you mean."""

from __future__ import annotations

import pytest

from dsl.suggestions import distance, nearest, with_part

WORDS = ["send", "wait", "split", "set", "email", "order_placed", "cart_abandoned", "отправить", "когда"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("sned", ["send"]),
        ("SEND", ["send"]),
        ("emial", ["email"]),
        ("cart_abandonned", ["cart_abandoned"]),
        ("orderplaced", ["order_placed"]),
        ("оправить", ["отправить"]),
        ("ыутв", ["send"]),
        ("rjulf", ["когда"]),
        ("sеnd", ["send"]),
    ],
)
def test_the_word_that_was_meant_is_found(typed: str, meant: list[str]):
    assert nearest(typed, WORDS) == meant


@pytest.mark.parametrize("typed", ["bounce", "x", "", "ordered", "123"])
def test_a_word_unlike_all_others_suggests_nothing(typed: str):
    assert nearest(typed, WORDS) == []


def test_the_nearest_come_first_and_four_are_enough():
    assert nearest("cart", ["carts", "care", "part", "cards", "chart", "card"])[0] in ("carts", "care", "card", "chart")
    assert len(nearest("cart", ["carts", "care", "part", "chart", "card"])) == 4


@pytest.mark.parametrize(
    ("first", "second", "changes"), [("ab", "ba", 1), ("abc", "abc", 0), ("", "ab", 2), ("ca", "abc", 3), ("a", "b", 1)]
)
def test_neighbours_that_change_places_count_once(first: str, second: str, changes: int):
    assert distance(first, second) == changes


def test_a_name_that_ends_with_the_word_is_meant_rather_than_its_opposite():
    names = ["push_subscribed", "sms_unsubscribed", "email_unsubscribed", "subscribed_before"]

    assert with_part("unsubscribed", names) == ["email_unsubscribed", "sms_unsubscribed"]
    assert with_part("id", ["order_id"]) == []
