"""What a test file says comes true in virtual time, and what does not is told."""

from __future__ import annotations

from time import process_time

import pytest

from tests.testing.stage import failures, run

GIVEN = """
test "cart"
  customer anna with email = "anna@example.com", timezone = "Europe/Berlin"
"""
CART = GIVEN + '  at 2026-03-02 10:00 cart_abandoned with cart_id = "c1", total = 40 EUR\n'
BOTH = '  expect email "cart" at 2026-03-02 11:00\n  expect email "promo" at 2026-03-03 11:00\n'


def test_a_test_that_expects_what_happens_passes():
    assert failures(CART + BOTH) == []


def test_a_message_that_nobody_expects_is_a_failure_and_names_its_rule():
    found = failures(CART + '  expect email "cart" at 11:00\n')

    assert found == ['unexpected email "promo" at 2026-03-03 11:00, from rule "Cart" (rules/cart.rules:4)']


def test_an_open_test_allows_messages_that_nobody_expects():
    found = failures(CART.replace('"cart"\n', '"cart" open\n', 1) + '  expect email "cart" at 11:00\n')

    assert found == []


@pytest.mark.parametrize("minute", ["10:59", "11:01"])
def test_a_message_one_minute_off_is_missing_and_unexpected(minute: str):
    found = failures(CART + BOTH.replace("2026-03-02 11:00", minute))

    assert found == [
        f'missing email "cart" at 2026-03-02 {minute} | email "cart" was sent at 2026-03-02 11:00',
        'unexpected email "cart" at 2026-03-02 11:00, from rule "Cart" (rules/cart.rules:4)',
    ]


def test_an_interval_holds_its_ends():
    ends = '  expect email "cart" between 10:00 and 11:00\n'
    ends += '  expect email "promo" between 2026-03-03 11:00 and 2026-03-03 12:00\n'

    assert failures(CART + ends) == []


def test_a_message_before_the_interval_is_missing():
    found = failures(CART + BOTH.replace("at 2026-03-02 11:00", "between 11:01 and 12:00"))

    assert found[0].startswith('missing email "cart" between 2026-03-02 11:01 and 2026-03-02 12:00')


def test_a_missing_message_tells_why_its_run_ended():
    stopped = CART + '  at plus 40 min order_placed with order_id = "o1"\n  expect email "order" at 10:40\n' + BOTH

    found = failures(stopped)

    ended = '2026-03-02 10:40 "Cart" ended: stop when order_placed (rules/cart.rules:6)'
    assert f'missing email "cart" at 2026-03-02 11:00 | {ended}' in found


def test_a_message_that_no_rule_sends_is_told_apart():
    found = failures(CART + BOTH + '  expect email "hello" at 2026-03-03 12:00\n')

    assert found == ['missing email "hello" at 2026-03-03 12:00 | no rule of rules/cart.rules sends email "hello"']


def test_a_message_of_a_run_that_never_began_says_so():
    found = failures(GIVEN + '  at 2026-03-02 10:00 pinged\n  expect email "cart" at 11:00\n')

    assert len(found) == 1
    assert 'no run of "Cart" began' in found[0]


def test_nothing_fails_when_something_is_sent_even_in_an_open_test():
    found = failures(CART.replace('"cart"\n', '"cart" open\n', 1) + "  expect nothing until 2026-03-02 12:00\n")

    assert found == ['unexpected email "cart" at 2026-03-02 11:00, from rule "Cart" (rules/cart.rules:4)']


def test_no_email_fails_when_it_is_sent_and_is_told_once():
    found = failures(CART + '  expect no email "cart"\n  expect email "promo" at 2026-03-03 11:00\n')

    assert found == ['unexpected email "cart" at 2026-03-02 11:00, from rule "Cart" (rules/cart.rules:4)']


def test_no_messages_fails_in_an_open_test():
    found = failures(CART.replace('"cart"\n', '"cart" open\n', 1) + "  expect no messages\n")

    assert [each.partition(" was sent")[0] for each in found] == ['email "cart"', 'email "promo"']


def test_two_expectations_need_two_messages():
    found = failures(CART + BOTH + '  expect email "cart" at 11:00\n')

    assert len(found) == 1
    assert found[0].startswith('missing email "cart" at 2026-03-02 11:00')


def test_a_customer_without_an_address_gets_nothing_and_the_guard_says_why():
    no_address = 'test "x"\n  at 2026-03-02 10:00 cart_abandoned with cart_id = "c1"\n'

    assert failures(no_address + '  expect skipped email "cart" because "no email address"\n') == []


def test_a_refusal_of_consent_skips_with_its_reason():
    refused = CART.replace('"anna@example.com"', '"a@example.com", consent = "no email"')

    assert failures(refused + '  expect skipped email "cart" because "no consent"\n') == []
    assert failures(refused + '  expect skipped email "cart" because "email refused"\n') == []


@pytest.mark.parametrize("reason", ["нет согласия", "нет согласия: от email отказались"])
def test_a_reason_may_be_written_as_russian_reports_tell_it(reason: str):
    refused = CART.replace('"anna@example.com"', '"a@example.com", consent = "no email"')

    assert failures(refused + f'  expect skipped email "cart" because "{reason}"\n') == []


def test_a_wrong_reason_of_a_skip_is_a_failure_that_says_the_right_one():
    refused = CART.replace('"anna@example.com"', '"a@example.com", consent = "no email"')

    found = failures(refused + '  expect skipped email "cart" because "no email address"\n')

    why = "it was skipped because: no consent: email refused"
    assert found == [f'email "cart" not skipped because "no email address" | {why}']


def test_a_service_message_needs_no_consent():
    order = GIVEN.replace('"anna@example.com"', '"a@example.com", consent = "no email"')

    assert (
        failures(order + '  at 2026-03-02 10:00 order_placed with order_id = "o"\n  expect email "order" at 10:00\n')
        == []
    )


def test_a_template_that_fails_is_not_sent():
    failing = CART.replace("  at", '  template "cart" fails\n  at', 1)

    found = failures(failing + BOTH)

    why = '2026-03-02 11:00 email "cart" was not sent: the provider refused it'
    assert f'missing email "cart" at 2026-03-02 11:00 | {why}' in found
    assert (
        failures(
            failing + '  expect skipped email "cart" because "the provider refused it"\n'
            '  expect email "promo" at 2026-03-03 11:00\n'
        )
        == []
    )


def test_the_reason_of_an_exit_is_held_to_the_word():
    stopped = CART + '  at plus 40 min order_placed with order_id = "o1"\n  expect email "order" at 10:40\n'

    assert failures(stopped + "  expect exit because order_placed\n") == []
    assert failures(stopped + '  expect exit because "stop when"\n') == []
    found = failures(stopped + '  expect exit because "once per"\n')
    assert found == ['no run ended because "once per" | runs ended with: stop when order_placed, finished']


def test_values_and_tags_hold_at_their_place_in_the_timeline():
    early = CART + '  expect customer.city is unknown\n  expect email "cart" at 11:00\n'
    early += '  expect customer.city is "reminded"\n  expect email "promo" at 2026-03-03 11:00\n  expect tag "asked"\n'

    assert failures(early) == []


def test_a_value_that_comes_later_than_its_place_is_a_failure():
    found = failures(CART + '  expect customer.city is "reminded"\n  expect tag "asked"\n' + BOTH)

    assert found == [
        'not so at 2026-03-02 10:00: expect customer.city is "reminded"',
        'not so at 2026-03-02 10:00: expect tag "asked"',
    ]


def test_a_value_of_a_changed_attribute_is_read_by_the_definitions_of_the_rules():
    adult = GIVEN + "  at 2026-03-02 10:00 customer.age becomes 17\n  expect not grown_up\n"

    assert failures(adult + "  at 11:00 customer.age becomes 18\n  expect grown_up\n  expect nothing\n") == []
    assert failures(adult + "  at 11:00 customer.age becomes 16\n  expect grown_up\n") == [
        "not so at 2026-03-02 11:00: expect grown_up"
    ]


def test_an_event_at_the_very_moment_of_a_send_is_decided_first():
    stopped = CART + '  at plus 1h order_placed with order_id = "o1"\n  expect email "order" at 11:00\n'

    assert failures(stopped + "  expect exit because order_placed\n") == []


def test_history_is_known_to_the_rules_and_starts_nothing():
    started = '  split "Second" takes "plain"\n  at 2026-03-02 10:00 checkout_started with cart_id = "c1"\n'

    recent = GIVEN + "  had 3 order_placed in last 20 days with total = 5 EUR\n" + started + "  expect nothing\n"
    long_ago = GIVEN + "  had 1 order_placed in last 90 days\n" + started + '  expect email "cart" at 10:00\n'

    assert failures(recent) == []
    assert failures(long_ago) == []


@pytest.mark.parametrize(
    ("arm", "expected"),
    [("plain", 'email "cart" at 10:00'), ("promo", 'email "promo" at 10:00'), ("holdout", "nothing")],
)
def test_a_customer_takes_the_arm_that_the_test_names(arm: str, expected: str):
    case = GIVEN + f'  split "Second" takes "{arm}"\n'
    case += f'  at 2026-03-02 10:00 checkout_started with cart_id = "c1"\n  expect {expected}\n'

    assert failures(case) == []


def test_what_happens_to_one_customer_is_nothing_to_the_other():
    case = """
test "two"
  customer anna with email = "a@example.com", timezone = "Europe/Berlin"
  customer boris with email = "b@example.com", timezone = "Asia/Tokyo"
  at 2026-03-02 10:00 order_placed for anna with order_id = "1"
  at 2026-03-02 20:00 order_placed for boris with order_id = "2"
  expect email "order" at 2026-03-02 20:00 for boris
"""

    assert (
        failures(case + '  expect email "order" at 2026-03-02 10:00 for anna\n  expect no email "cart" for anna\n')
        == []
    )
    found = failures(case + "  expect no messages for anna\n")
    assert found == ['unexpected email "order" at 2026-03-02 10:00 to anna, from rule "Order" (rules/cart.rules:14)']


def test_a_table_makes_a_test_of_each_row():
    table = GIVEN.replace("anna with", "with age = <age>,")
    table += '  at 2026-03-02 10:00 order_placed with order_id = "<order>"\n  expect email "order" at 10:00\n'
    table += '  expect customer.age is 7\n  examples\n    age, order\n    7, "a"\n    8, "b"\n'

    results = run(table)

    assert [(each.name, each.status) for each in results] == [('cart (7, "a")', "passed"), ('cart (8, "b")', "failed")]


def test_a_test_to_be_written_is_counted_and_not_run():
    [result] = run('todo test "later"\n')

    assert result.status == "todo"


def test_the_timeline_shows_expected_and_actual_side_by_side():
    [result] = run(CART + BOTH.replace("2026-03-02 11:00", "11:01"))

    rows = [(f"{row.at:%H:%M}", row.expected, row.actual, row.is_right) for row in result.rows]
    assert ("10:00", "", "event cart_abandoned", None) in rows
    assert ("11:00", "", 'email "cart" sent', False) in rows
    assert ("11:01", 'email "cart"', "", False) in rows
    assert ("11:00", 'email "promo"', 'email "promo" sent', True) in rows


def test_a_thousand_small_tests_take_less_than_ten_seconds():
    tests = "".join(CART.replace('"cart"\n', f'"cart {number}"\n', 1) + BOTH for number in range(1000))
    started = process_time()

    results = run(tests)

    assert process_time() - started < 10
    assert [each.status for each in results] == ["passed"] * 1000


def test_a_wrong_event_as_the_reason_of_an_exit_is_a_failure():
    stopped = CART + '  at plus 40 min order_placed with order_id = "o1"\n  expect email "order" at 10:40\n'

    found = failures(stopped + "  expect exit because pinged\n")

    assert found == ['no run ended because "pinged" | runs ended with: stop when order_placed, finished']


def test_yesterday_as_history_starts_nothing_either():
    case = GIVEN + "  had 2 order_placed in last 1 day\n  at 2026-03-02 10:00 pinged\n  expect nothing\n"

    assert failures(case) == []


def test_a_check_waits_for_its_moment_also_when_an_earlier_event_stands_below_it():
    case = CART + '  expect email "cart" at 11:00\n  expect nothing until 2026-03-02 12:00\n'
    case += '  expect customer.city is "reminded"\n  at plus 90 min order_placed with order_id = "o1"\n'
    case += '  expect email "order" at 11:30\n'

    assert failures(case) == []


def test_a_time_alone_is_on_the_day_of_the_customer():
    early = GIVEN.replace("Europe/Berlin", "Asia/Tokyo") + "  at 2026-03-02 08:00 pinged\n"
    early += '  at 08:05 order_placed with order_id = "o1"\n  expect email "order" at 2026-03-02 08:05\n'

    assert failures(early) == []


@pytest.mark.parametrize(("many", "expected"), [(2, 'email "cart" at 10:00'), (1, "nothing")])
def test_had_is_history_for_counts_and_for_events_that_repeat(many, expected):
    rules = """
rule "Counts"
  when pinged
  only if sum of order_placed.total in last 90 days >= 20 EUR and days since last order_placed >= 5
  send email "cart"

rule "Repeats"
  when order_placed 3 times within 30 days
  send email "cart"
"""
    had = f"{GIVEN}  had {many} order_placed in last 20 days with total = 10 EUR\n"

    counted = failures(f"{had}  at 2026-03-02 10:00 pinged\n  expect {expected}\n", rules=rules)
    repeated = failures(f"{had}  at 2026-03-02 10:00 order_placed\n  expect {expected}\n", rules=rules)

    assert (counted, repeated) == ([], [])


def test_a_count_can_be_expected():
    case = GIVEN + "  had 2 order_placed in last 1 day\n  at 2026-03-02 10:00 pinged\n"

    assert failures(case + "  expect count of order_placed in last 7 days is 2\n") == []
    assert failures(case + "  expect count of order_placed in last 7 days is 3\n") != []
