"""Settings of kogda.yaml that one test sets for itself."""

from __future__ import annotations

import pytest

from tests.testing.stage import failures, run

CUSTOMER = '  customer anna with email = "anna@example.com", consent = "email"\n'
EVENING = '  at 2026-03-02 21:30 cart_abandoned with cart_id = "c1"\n'
CART = '  expect email "cart" at 22:30\n  expect email "promo" at 2026-03-03 22:30\n'


def case(settings: str, rest: str) -> str:
    return f'test "x"\n  workspace with {settings}\n{CUSTOMER}{EVENING}{rest}'


def test_quiet_hours_of_a_test_hold_in_it_alone():
    late = '  expect email "cart" at 2026-03-03 09:00\n  expect email "promo" at 2026-03-04 09:00\n'

    assert failures(case('quiet_hours = "22:00 to 9:00"', late)) == []
    assert failures(f'test "y"\n{CUSTOMER}{EVENING}{CART}') == []


@pytest.mark.parametrize(
    ("settings", "rest"),
    [
        (
            'caps = "1 message per 7 days"',
            '  expect email "cart" at 22:30\n  expect skipped email "promo" because "1 message per 7 days"\n',
        ),
        ('caps = "[1 email per 7 days, 5 emails per day]"', '  expect email "cart" at 22:30\n'),
        (
            'caps = "{limit: 1 email per 7 days, over: defer}"',
            '  expect email "cart" at 22:30\n  expect email "promo" at 2026-03-09 00:00\n',
        ),
        ('timezone = "Asia/Tokyo", quiet_hours = "9:00 to 10:00"', CART),
        ("quiet_hours = no, caps = no", CART),
        ('consent = "required"', CART),
    ],
    ids=["cap", "list", "defer", "zone", "none", "consent"],
)
def test_what_stands_in_kogda_yaml_stands_in_a_test(settings: str, rest: str):
    assert failures(case(settings, rest)) == []


def test_a_required_consent_that_nobody_gave_keeps_messages_back():
    refused = case('consent = "required"', '  expect skipped email "cart" because "no consent"\n')

    assert failures(refused.replace(', consent = "email"', "")) == []


def test_the_time_zone_of_a_test_is_that_of_its_moments():
    tokyo = case('timezone = "Asia/Tokyo"', '  expect customer.city is unknown\n  expect email "cart" at 22:30\n')
    [result] = run(tokyo + '  expect email "promo" at 2026-03-03 22:30\n')

    assert result.status == "passed"


def test_a_cell_of_an_example_is_a_setting():
    table = (
        '  expect email "cart" at 2026-03-03 9:00\n  expect email "promo" at 2026-03-04 9:00\n'
        '  examples\n    hours\n    "22:00 to 9:00"\n    "21:00 to 9:00"\n'
    )

    results = run(case("quiet_hours = <hours>", table))

    assert [each.status for each in results] == ["passed", "passed"]


@pytest.mark.parametrize(
    ("settings", "code", "at"),
    [
        ('late_after = "2h"', "E408", "late_after"),
        ('caps = no, caps = "1 message per day"', "E408", 'caps = "1 message per day"'),
        ('quiet_hours = "from ten to nine"', "E507", '"from ten to nine"'),
        ("quiet_hours = yes", "E507", "yes"),
        ('timezone = "Berlin"', "E512", '"Berlin"'),
        ('caps = "2 pigeons per day"', "E507", '"2 pigeons per day"'),
        ('caps = "{limit: 1 message per day, topic: nws}"', "E213", '"{limit: 1 message per day, topic: nws}"'),
        ('consent = "requird"', "E507", '"requird"'),
        ('leap_day = "29 february"', "E507", '"29 february"'),
        ('quiet_hours = "{"', "E503", '"{"'),
        ('quiet_hours = ""', "E507", '""'),
        ("quiet_hours = 100 EUR", "E507", "100 EUR"),
    ],
)
def test_a_wrong_setting_is_reported_at_its_place(settings: str, code: str, at: str):
    [result] = run(case(settings, CART))

    assert [(each.code, each.source.slice(each.span)) for each in result.diagnostics] == [(code, at)]
