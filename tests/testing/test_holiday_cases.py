"""Public holidays in a virtual world: waited out as in production, and named in the language of the workspace."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.testing.test_policy import PLACE, results, said

RULES = 'rule "Cart"\n  when cart_abandoned\n  send email "cart"\n'


@pytest.mark.parametrize(
    ("locale", "name"), [pytest.param("ru", "День России", id="ru"), pytest.param("en", "Russia Day", id="en")]
)
def test_a_mail_that_waits_for_the_end_of_a_holiday_names_it_in_the_language_of_the_workspace(locale: str, name: str):
    [result] = results(
        f"""
test "on the day of Russia"
  customer with email = "x@example.com"
  at 2026-06-12 12:00 cart_abandoned
  expect skipped email "cart" because "public holiday: {name}"
  expect email "cart" at 2026-06-13 00:00
""",
        rules=RULES,
        place=replace(PLACE, quiet_hours=None, settings={"holidays": ["RU"], "locale": locale}),
    )

    assert said(result) == []
