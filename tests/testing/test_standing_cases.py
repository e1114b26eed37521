"""Tests of rules that start without an event: what a test must say, and how far it goes."""

from __future__ import annotations

import pytest

from tests.testing.stage import failures, run

ANNA = '\ntest "t"\n  customer anna with email = "anna@example.com", timezone = "Europe/Berlin"'
MONDAY = 'rule "Digest"\n  every monday at 9:00 for customer.tier is "gold"\n  send email "cart"\n'
BIRTHDAY = 'rule "Cake"\n  when 3 days before customer.birthday at 10:00\n  send email "cart"\n'
SILENT = 'rule "Miss"\n  when no order_placed for 30 days\n  send email "cart"\n'
VIP = 'segment vip means customer.tier is "gold"\nrule "Hello"\n  when customer enters vip\n  send email "cart"\n'
LEAVES = "segment fresh means order_placed in last 3 days\n"
LEAVES += 'rule "Bye"\n  when customer leaves fresh\n  send email "cart"\n'
CHANGES = 'rule "Gold"\n  when customer.tier changes to "gold"\n  send email "cart"\n'


@pytest.mark.parametrize(
    ("rules", "test"),
    [
        pytest.param(
            MONDAY,
            ', tier = "gold"\n  expect email "cart" at 2026-03-02 09:00\n  expect email "cart" at 2026-03-09 09:00\n',
            id="a schedule needs no event, and comes up to the last moment that is written",
        ),
        pytest.param(
            MONDAY,
            '\n  at 2026-03-02 08:00 customer.tier becomes "gold"\n  expect email "cart" at 09:00\n',
            id="the audience is read at the moment of the schedule",
        ),
        pytest.param(MONDAY, "\n  expect nothing until 2026-04-01 10:00\n", id="who is not in the audience"),
        pytest.param(
            BIRTHDAY,
            ', birthday = 1990-03-10\n  expect email "cart" at 2026-03-07 10:00\n',
            id="a yearly date does not come again in the same test",
        ),
        pytest.param(
            SILENT,
            '\n  at 2026-03-01 10:00 order_placed with order_id = "1"\n  expect email "cart" at 2026-03-31 10:00\n',
            id="silence",
        ),
        pytest.param(
            VIP,
            '\n  at 2026-03-02 10:00 customer.tier becomes "gold"\n  expect email "cart" at 10:00\n',
            id="a border crossed",
        ),
        pytest.param(
            VIP,
            ', tier = "gold"\n  at 2026-03-02 10:00 customer.tier becomes "gold"\n  expect nothing\n',
            id="who was in it before the test begins does not enter it",
        ),
        pytest.param(
            VIP,
            ', tier = "gold"\n  at 2026-03-02 10:00 pinged\n  expect customer in vip\n  expect nothing\n',
            id="membership can be expected",
        ),
        pytest.param(
            LEAVES,
            '\n  at 2026-03-02 10:00 order_placed with order_id = "1"\n  expect email "cart" at 2026-03-05 10:00\n',
            id="a window that slides",
        ),
        pytest.param(
            CHANGES,
            '\n  at 2026-03-02 10:00 customer.tier becomes "gold"\n  expect email "cart" at 10:00\n',
            id="a change",
        ),
    ],
)
def test_rules_without_an_event_can_be_tested(rules: str, test: str):
    assert failures(ANNA + test, rules=rules) == []


def test_a_digest_that_comes_earlier_than_expected_is_unexpected():
    found = failures(ANNA + ', tier = "gold"\n  expect email "cart" at 2026-03-03 09:00\n', rules=MONDAY)

    assert len(found) == 1
    assert found[0].startswith('missing email "cart" at 2026-03-03 09:00')


def test_a_schedule_alone_ends():
    [result] = run(ANNA + "\n  expect nothing\n", rules=MONDAY)

    assert result.status == "passed"
