from __future__ import annotations

import pytest

from dsl.time_zones import is_zone, zones_like


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Moscow", "Europe/Moscow"),
        ("new york", "America/New_York"),
        ("europe/berlin", "Europe/Berlin"),
        ("Europe/Mosow", "Europe/Moscow"),
        ("Moskow", "Europe/Moscow"),
        ("MSK", "Europe/Moscow"),
        ("СПб", "Europe/Moscow"),
        ("Europe/Munich", "Europe/Berlin"),
        ("Asia/Ekaterinburg", "Asia/Yekaterinburg"),
    ],
)
def test_a_city_or_a_misspelt_zone_is_known_by_its_name(written: str, meant: str):
    assert zones_like(written) == [meant]
    assert is_zone(meant)


@pytest.mark.parametrize("written", ["", "/", "UTC+3", "Mordor", "Rome, Italy"])
def test_no_zone_is_guessed_for_what_is_like_none(written: str):
    assert zones_like(written) == []
