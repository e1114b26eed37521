"""The sentences of the mailbox's Why page."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from api.mailbox.words import sentence
from engine.storage.delivery.mailbox import RunNote

MOMENT = "2026-03-02T09:00:00+00:00"


def told(what: str, detail: str, *, is_last: bool) -> str:
    note = RunNote(at=datetime(2026, 3, 1, tzinfo=UTC), what=what, detail=detail, line=3)
    return sentence(note, ZoneInfo("Europe/Berlin"), is_last=is_last)


def test_a_wait_that_something_followed_is_told_as_over():
    assert told("waits", f"until {MOMENT}", is_last=False) == "It waited until Monday, 2 March 2026, 10:00:00"


def test_a_wait_that_is_still_ahead_is_not_told_in_the_past_tense():
    assert told("waits", f"until {MOMENT}", is_last=True) == "It waits until Monday, 2 March 2026, 10:00:00"


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        (f"until {MOMENT}: quiet hours", "It waits until Monday, 2 March 2026, 10:00:00: quiet hours"),
        (
            f"for order_placed until {MOMENT}",
            "It waits for order_placed until Monday, 2 March 2026, 10:00:00",
        ),
        ("for order_placed", "It waits for order_placed"),
    ],
)
def test_the_moment_of_a_wait_is_told_by_the_clock_of_the_shop(detail: str, expected: str):
    assert told("waits", detail, is_last=True) == expected


def test_only_a_wait_can_be_ahead():
    assert told("sent", 'email "cart"', is_last=True) == 'It sent email "cart"'


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("suppressed", 'It did not send email "cart": no consent'),
        ("failed", 'It could not deliver email "cart": no consent'),
        ("unknown", 'Nobody knows whether it sent email "cart": no consent'),
    ],
)
def test_a_message_that_was_not_sent_is_told_with_its_reason(state: str, expected: str):
    assert told(state, 'email "cart": no consent', is_last=True) == expected
