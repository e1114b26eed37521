"""What is recorded, said for people, in both languages and by one clock."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from dsl.messages import in_language
from engine.core.told import tell_message, tell_note, tell_reason

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("what", "detail", "english", "russian"),
    [
        ("started", "order_placed", "began: order_placed", "началось: order_placed"),
        ("ended", "holdout", "ended: held out, for comparison", "кончилось: в контрольной группе"),
        ("ended", "stop when order_placed", "ended: stop when order_placed", "кончилось: stop when order_placed"),
        ("branch", "no", "the condition: no", "условие: нет"),
        ("waits", "until 2026-03-02T09:00:00+00:00", "waits until 2026-03-02 10:00:00", "ждёт до 2026-03-02 10:00:00"),
        (
            "waits",
            "for paid until 2026-03-02T09:00:00+00:00",
            "waits: for paid until 2026-03-02 10:00:00",
            "ждёт: for paid until 2026-03-02 10:00:00",
        ),
        (
            "waits",
            "until 2026-03-02T09:00:00+00:00: quiet hours",
            "waits until 2026-03-02 10:00:00: quiet hours",
            "ждёт до 2026-03-02 10:00:00: тихие часы",
        ),
        (
            "skipped",
            'email "a": once per',
            'skipped email "a": once per',
            'пропущено email "a": один раз',
        ),
        ("hummed", "a song", "hummed: a song", "hummed: a song"),
    ],
)
def test_a_note_is_a_sentence_by_the_customers_clock(what: str, detail: str, english: str, russian: str) -> None:
    note = tell_note(what, detail, BERLIN)

    assert note == english
    assert in_language(note, "ru") == russian


def test_a_message_tells_its_state_and_the_reason() -> None:
    told = tell_message("email", "cart", "suppressed", "no consent: email refused")

    assert told == 'email "cart" not sent: no consent: email refused'
    assert in_language(told, "ru") == "email «cart» не отправлено: нет согласия: email refused"


def test_a_reason_that_an_author_wrote_stays_as_it_is() -> None:
    assert tell_reason("unless order_placed in last 3 days") == "unless order_placed in last 3 days"
