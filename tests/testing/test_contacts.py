"""Customers of a test have a chat or a device only when the test says so."""

from __future__ import annotations

from dataclasses import replace

from tests.dsl.shop import template
from tests.testing.test_policy import PLACE, results, said

HERE = replace(
    PLACE,
    channels=("telegram", "email", "sms"),
    templates={
        **PLACE.templates,
        **{(each, "cart"): template("cart", channel=each) for each in ("telegram", "email", "sms")},
    },
)
RULES = """
rule "Best"
  when cart_abandoned after 1h
  send best "cart"
"""


def test_the_best_channel_is_one_that_reaches_the_customer():
    with_chat, without = results(
        """
test "with a chat"
  customer anna with email = "a@b.example", contacts = "telegram"
  at 2026-03-02 10:00 cart_abandoned
  expect telegram "cart" at 11:00

test "without one"
  customer anna with email = "a@b.example"
  at 2026-03-02 10:00 cart_abandoned
  expect email "cart" at 11:00
""",
        rules=RULES,
        place=HERE,
    )

    assert (said(with_chat), said(without)) == ([], [])


def test_nobody_has_a_contact_who_was_not_given_one():
    [result] = results(
        """
test "no chat"
  customer anna
  at 2026-03-02 10:00 cart_abandoned
  expect skipped telegram "cart" because "no telegram address"
""",
        rules=RULES.replace('best "cart"', 'telegram "cart"'),
        place=HERE,
    )

    assert said(result) == []


def test_a_channel_that_needs_no_contact_cannot_be_given_one():
    [result] = results(
        """
test "a phone"
  customer anna with contacts = "sms"
  at 2026-03-02 10:00 cart_abandoned
  expect no messages
""",
        rules=RULES,
        place=HERE,
    )

    [reason] = said(result)
    assert reason == "a test cannot give this value"
