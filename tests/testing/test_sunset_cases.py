"""Who has not reacted for long gets less, in a virtual world as in production."""

from __future__ import annotations

from dataclasses import replace

from dsl.catalog import EventType
from tests.testing.test_policy import PLACE, results, said

SUNSET = {"after_s": 90 * 86_400, "limit": 1, "per": [30, "day"]}
READ = {each: EventType(name=each, properties={}, open=True) for each in ("email_opened",)}
TIRED = replace(PLACE, events={**PLACE.events, **READ}, quiet_hours=None, settings={"sunset": SUNSET})
RULES = 'rule "Cart"\n  when cart_abandoned\n  send email "cart"\n'


def test_who_never_reads_gets_one_message_in_thirty_days():
    [result] = results(
        """
test "nobody reads it"
  customer with email = "x@example.com"
  at 2026-01-01 12:00 cart_abandoned
  expect email "cart" at 12:00
  at 2026-05-01 12:00 cart_abandoned
  expect email "cart" at 12:00
  at 2026-05-03 12:00 cart_abandoned
  expect skipped email "cart" because "sunset: no reaction for 90 days"
""",
        rules=RULES,
        place=TIRED,
    )

    assert said(result) == []


def test_a_reaction_begins_the_time_anew():
    [result] = results(
        """
test "read in between"
  customer with email = "x@example.com"
  at 2026-01-01 12:00 cart_abandoned
  expect email "cart" at 12:00
  at 2026-04-20 12:00 email_opened
  at 2026-05-01 12:00 cart_abandoned
  expect email "cart" at 12:00
  at 2026-05-03 12:00 cart_abandoned
  expect email "cart" at 12:00
""",
        rules=RULES,
        place=TIRED,
    )

    assert said(result) == []


def test_where_nothing_is_tracked_nobody_is_taken_to_be_silent():
    untracked = replace(TIRED, settings={"sunset": SUNSET, "tracking": {"opens": False, "clicks": False}})

    [result] = results(
        """
test "no pixel, no silence"
  customer with email = "x@example.com"
  at 2026-01-01 12:00 cart_abandoned
  expect email "cart" at 12:00
  at 2026-05-01 12:00 cart_abandoned
  expect email "cart" at 12:00
  at 2026-05-03 12:00 cart_abandoned
  expect email "cart" at 12:00
""",
        rules=RULES,
        place=untracked,
    )

    assert said(result) == []
