"""What tests give and expect of points, promo codes, calls and notes to the staff."""

from __future__ import annotations

import pytest

from tests.testing.stage import failures, run

RULES = """
rule "VIP cart"
  when cart_abandoned
  issue promo "BACK10" valid 7 days
  if issued then
    send email "cart"
    call "crm_sync" with id = customer.id, total = event.total
  else
    notify "managers" "no codes left"
  end

rule "Order"
  when order_placed
  add 1 point per 100 EUR of event.total
  increase customer.age by 1
"""
CART = """
test "cart"
  customer anna with email = "a@example.com", points = 5, age = 7
  at 2026-03-02 10:00 cart_abandoned with cart_id = "c", total = 42 EUR
"""
MAIL = '  expect email "cart" at 10:00\n'
CALL = '  expect call "crm_sync" at 10:00'


@pytest.mark.parametrize(
    "expected",
    [
        pytest.param(f"{CALL}\n", id="at"),
        pytest.param('  expect call "crm_sync" between 9:00 and 11:00 for anna\n', id="between"),
        pytest.param(f'{CALL} with id = "anna"\n', id="a property of several"),
        pytest.param(f'{CALL} for anna with total = 42 EUR, id = "anna"\n  expect no notify\n', id="all properties"),
    ],
)
def test_a_call_is_expected_by_its_time_and_what_it_carries(expected):
    assert failures(CART + MAIL + expected, rules=RULES) == []


def test_every_call_must_be_expected():
    [said] = failures(CART + MAIL, rules=RULES)

    assert said.startswith('unexpected call "crm_sync" at 2026-03-02 10:00, from rule "VIP cart"')


def test_nothing_means_no_call_either():
    found = failures(CART + "  expect nothing\n", rules=RULES)

    assert [said.partition(" at")[0] for said in found] == ['unexpected email "cart"', 'unexpected call "crm_sync"']


def test_an_open_test_names_only_what_it_is_about():
    opened = CART.replace('test "cart"', 'test "cart" open')

    assert failures(opened + f"{CALL}\n", rules=RULES) == []
    assert failures(opened + '  expect no call "crm_sync"\n', rules=RULES) == [
        'call "crm_sync" was sent at 2026-03-02 10:00, from rule "VIP cart" (rules/cart.rules:2)'
    ]


def test_a_call_that_carries_something_else_is_missing_and_says_what_it_carried():
    found = failures(CART + MAIL + f'{CALL} with id = "boris"\n', rules=RULES)

    assert found[0] == (
        'missing call "crm_sync" at 2026-03-02 10:00 | '
        'it carried {"id": "anna", "total": {"amount": "42", "currency": "EUR"}}'
    )


def test_no_messages_speaks_of_messages_to_customers():
    rules = 'rule "A" when cart_abandoned call "crm_sync"'

    assert failures(CART + f"{CALL}\n  expect no messages\n", rules=rules) == []


def test_a_dry_pool_takes_the_other_way():
    dry = CART + '  promo "BACK10" runs dry\n  expect notify "managers" "no codes left" at 10:00\n  expect no call\n'

    assert failures(dry, rules=RULES) == []


def test_a_note_that_says_something_else_is_missing():
    dry = CART + '  promo "BACK10" runs dry\n  expect notify "managers" "none" at 10:00\n'

    found = failures(dry, rules=RULES)

    assert found[0] == 'missing notify "managers" at 2026-03-02 10:00 | it said "no codes left"'


def test_points_and_numbers_are_asked_as_attributes():
    order = """
test "order"
  customer anna with email = "a@example.com", points = 5, age = 7
  at 2026-03-02 10:00 order_placed with order_id = "o", total = 250 EUR, kind = "web"
  expect customer.points is 7
  expect customer.age is 8
"""

    assert failures(order, rules=RULES) == []


@pytest.mark.parametrize(
    ("line", "code"),
    [
        pytest.param('  promo "BAK10" runs dry', "E216", id="pool"),
        pytest.param('  expect call "crm" at 10:00', "E217", id="target"),
        pytest.param('  expect no call "crm"', "E217", id="no target"),
        pytest.param('  expect notify "bosses" at 10:00', "E219", id="group"),
        pytest.param("  customer boris with points = 1.5", "E409", id="half a point"),
        pytest.param("  at 11:00 customer.points becomes 9", "E409", id="points by hand"),
        pytest.param(f"{CALL} with id = customer.id", "E409", id="not fixed"),
    ],
)
def test_mistakes_in_such_lines_are_found(line, code):
    [result] = run(CART + f"{line}\n{MAIL}", rules=RULES)

    assert code in [each.code for each in result.diagnostics]
