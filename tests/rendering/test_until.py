"""Days and times seen from the moment at which a mail goes out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.errors import TemplateFailed
from engine.rendering.email import MailRequest, MailTemplates

NOW = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)


def said(expression: str, value: str, locale: str = "en", now: datetime | None = NOW) -> str:
    templates = MailTemplates({"email/a.txt": "---\nsubject: x\n---\n" + expression})
    request = MailRequest(
        template="a", event={"x": value}, customer={}, locale=locale, timezone="Europe/Berlin", now=now
    )
    return templates.mail(request).text


@pytest.mark.parametrize(
    ("value", "locale", "expected"),
    [
        ("2026-03-14T21:59:59+00:00", "en", "2 days, 12 hours"),
        ("2026-03-14T21:59:59+00:00", "ru", "2 дня 12 часов"),
        ("2026-03-17", "ru", "5 дней 14 часов"),
        ("2026-03-12", "en", "14 hours"),
        ("2026-03-12T10:01:00+00:00", "en", "1 hour, 1 minute"),
        ("2026-03-12T09:00:20+00:00", "en", "1 minute"),
        ("2026-03-12T09:00:00+00:00", "en", ""),
        ("2026-03-11", "en", ""),
    ],
)
def test_a_countdown_says_two_units_and_nothing_when_it_is_over(value: str, locale: str, expected: str):
    assert said("{{ event.x | countdown }}", value, locale) == expected


@pytest.mark.parametrize(
    ("value", "locale", "expected"),
    [
        ("2026-03-12T22:59:00+00:00", "en", "today"),
        ("2026-03-12T23:00:00+00:00", "en", "tomorrow"),
        ("2026-03-15", "ru", "через 3 дня"),
        ("2026-03-11", "ru", "вчера"),
        ("2026-03-13", "de", "in 1 Tag"),
        ("2026-03-01", "en", "11 days ago"),
    ],
)
def test_a_day_is_told_by_the_readers_own_calendar(value: str, locale: str, expected: str):
    assert said("{{ event.x | relative }}", value, locale) == expected


@pytest.mark.parametrize(
    ("expression", "locale", "expected"),
    [
        ("{{ event.x | datetime }}", "en", "March 14, 2026, 10:59\u202fPM"),
        ("{{ event.x | datetime }}", "ru", "14 марта 2026\u202fг., 22:59"),
        ('{{ event.x | datetime("d MMMM, HH:mm") }}', "ru", "14 марта, 22:59"),
    ],
)
def test_a_moment_has_its_day_and_time_in_the_readers_zone(expression: str, locale: str, expected: str):
    assert said(expression, "2026-03-14T21:59:59+00:00", locale).replace("\xa0", "\u202f") == expected


def test_without_a_moment_of_sending_nobody_counts_down():
    with pytest.raises(TemplateFailed, match="nobody knows here when this mail goes out"):
        said("{{ event.x | countdown }}", "2026-03-14", now=None)
