"""Quiet hours (S18), caps (D13) and the first customers (D14), over virtual time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from dsl.plan import Length, WorkspaceCap
from engine.testing.virtual.world import World
from tests.semantics.told import NIGHT, told

Shop = Callable[..., World]


# quiet hours (S18)


def test_s18_a_message_in_quiet_hours_waits_for_their_end(shop: Shop):
    world = shop('when registered quiet hours 22:00 to 9:00 send email "hello"', now="2026-03-02 22:30")

    world.event("registered")
    world.finish()

    assert told(world, "postponed") == [("02 22:30", "email/hello")]
    assert told(world, "sent") == [("03 09:00", "email/hello")]
    assert world.messages[0].reason == "quiet hours"


@pytest.mark.parametrize(
    ("at", "sent"),
    [
        pytest.param("21:59", "02 21:59", id="just before"),
        pytest.param("22:00", "03 09:00", id="at their start"),
        pytest.param("08:59", "02 09:00", id="just before their end"),
        pytest.param("09:00", "02 09:00", id="at their end"),
    ],
)
def test_s18_quiet_hours_hold_from_their_first_minute_to_the_last(shop: Shop, at: str, sent: str):
    world = shop('when registered send email "hello"', now=f"2026-03-02 {at}", quiet_hours=NIGHT)

    world.event("registered")
    world.finish()

    assert told(world, "sent") == [(sent, "email/hello")]


def test_s18_quiet_hours_follow_the_customers_own_clock(shop: Shop):
    world = shop('when registered send email "hello"', now="2026-03-02 12:00", quiet_hours=NIGHT)

    world.identify(timezone="Asia/Vladivostok")  # 22:00 there
    world.event("registered")
    world.finish()

    assert told(world, "sent") == [("02 23:00", "email/hello")]


def test_s18_a_wait_after_it_counts_from_the_real_send(shop: Shop):
    world = shop(
        'when registered send email "hello" wait 2h send email "more"', now="2026-03-02 23:00", quiet_hours=NIGHT
    )

    world.event("registered")
    world.finish()

    assert told(world, "sent") == [("03 09:00", "email/hello"), ("03 11:00", "email/more")]


def test_s18_conditions_are_asked_again_when_quiet_hours_are_over(shop: Shop):
    world = shop(
        'when registered only if customer.stage is not "buyer" send email "hello"',
        now="2026-03-02 23:00",
        quiet_hours=NIGHT,
    )

    world.event("registered")
    world.at("2026-03-03 08:00").identify(stage="buyer")
    world.finish()

    assert world.sent == []
    assert [run.end_reason for run in world.runs] == ['only if customer.stage is not "buyer"']


def test_s18_a_stop_in_the_night_wins(shop: Shop):
    world = shop('when registered stop when order_placed send email "hello"', now="2026-03-02 23:00", quiet_hours=NIGHT)

    world.event("registered")
    world.at("2026-03-03 08:00").event("order_placed")
    world.finish()

    assert world.sent == []


def test_s4_the_event_again_in_the_night_restarts_because_nothing_was_sent_yet(shop: Shop):
    world = shop('when cart_updated send email "cart"', now="2026-03-02 23:00", quiet_hours=NIGHT)

    world.event("cart_updated", {"cart_id": "c-1", "city": "Oslo"})
    world.at("23:30").event("cart_updated", {"cart_id": "c-1", "city": "Rome"})
    world.finish()

    [message] = [each for each in world.messages if each.state == "sent"]
    assert message.context["event"] == {"cart_id": "c-1", "city": "Rome"}


def test_s18_once_per_is_free_again_when_nothing_was_sent_after_the_night(shop: Shop):
    world = shop(
        'when order_placed once per 7 days only if customer.stage is "warm" send email "hello"',
        now="2026-03-02 23:00",
        quiet_hours=NIGHT,
    )

    world.identify(stage="warm")
    world.event("order_placed")
    world.at("2026-03-03 08:00").identify(stage="cold")
    world.at("2026-03-03 12:00").identify(stage="warm")
    world.event("order_placed")
    world.finish()

    assert told(world, "sent") == [("03 12:00", "email/hello")]


@pytest.mark.parametrize(
    ("clauses", "sent"),
    [
        pytest.param("transactional", "03 09:00", id="a transactional message waits as well"),
        pytest.param("ignore quiet hours", "02 23:00", id="unless it is said to be sent at once"),
        pytest.param("quiet hours 23:00 to 10:00", "03 10:00", id="a rule's own come on top"),
        pytest.param("quiet hours 2:00 to 3:00", "03 09:00", id="and lift nothing"),
    ],
)
def test_s18_who_must_wait(shop: Shop, clauses: str, sent: str):
    world = shop(f'when registered {clauses} send email "hello"', now="2026-03-02 23:00", quiet_hours=NIGHT)

    world.event("registered")
    world.finish()

    assert told(world, "sent") == [(sent, "email/hello")]


def test_quiet_hours_that_fill_the_day_stop_the_message(shop: Shop):
    world = shop('when registered quiet hours 8:00 to 23:00 send email "hello"', quiet_hours=NIGHT)

    world.event("registered")
    world.finish()

    assert (world.sent, world.messages[0].reason) == ([], "quiet hours: all day long")


# caps (D13)


def test_d13_over_the_cap_a_message_is_skipped_and_the_run_goes_on(shop: Shop):
    world = shop('when order_placed at most 2 messages per day send email "thanks" add tag "asked"')

    for hour in (9, 10, 11):
        world.at(f"2026-03-02 {hour:02}:30").event("order_placed")
    world.finish()

    assert told(world, "sent") == [("02 09:30", "email/thanks"), ("02 10:30", "email/thanks")]
    assert [each.reason for each in world.messages if each.state == "suppressed"] == ["cap: 2 messages per day"]
    assert [run.end_reason for run in world.runs] == ["finished"] * 3


@pytest.mark.parametrize(
    ("cap", "second", "is_sent"),
    [
        pytest.param("1 message per day", "2026-03-03 00:00", True, id="a day ends at midnight"),
        pytest.param("1 message per 24h", "2026-03-03 20:59", False, id="24h roll"),
        pytest.param("1 message per 24h", "2026-03-03 21:00", True, id="to the same minute"),
        pytest.param("1 message per 7 days", "2026-03-08 23:59", False, id="seven days, today is one of them"),
        pytest.param("1 message per 7 days", "2026-03-09 00:00", True, id="and the eighth is free"),
        pytest.param("1 message per month", "2026-04-01 23:59", False, id="a month"),
        pytest.param("1 message per month", "2026-04-02 00:00", True, id="has passed"),
        pytest.param("1 sms per 7 days", "2026-03-02 21:05", True, id="another channel"),
        pytest.param("1 email per 7 days", "2026-03-02 21:05", False, id="this channel"),
    ],
)
def test_d13_what_a_window_is(shop: Shop, cap: str, second: str, is_sent: bool):
    world = shop(f'when order_placed at most {cap} send email "thanks"', now="2026-03-02 21:00")

    world.event("order_placed")
    world.at(second).event("order_placed")
    world.finish()

    assert len(world.sent) == 1 + is_sent


def test_d13_a_rules_cap_counts_that_rules_messages(shop: Shop):
    world = shop(
        'rule "A" when registered at most 1 message per day send email "a"\n'
        'rule "B" when registered at most 1 message per day send email "b"'
    )

    world.event("registered")
    world.finish()

    assert world.sent == ["email/a", "email/b"]


def test_a_workspace_cap_counts_all_marketing_messages(shop: Shop):
    caps = (WorkspaceCap(limit=1, per=Length(1, "day")),)
    world = shop(
        'rule "A" when registered priority 5 send email "a"\n'
        'rule "B" when registered send email "b"\n'
        'rule "C" when registered transactional priority 9 send email "c"',
        caps=caps,
    )

    world.event("registered")
    world.finish()

    assert sorted(world.sent) == ["email/a", "email/c"]
    assert [each.reason for each in world.messages if each.state == "suppressed"] == [
        "workspace cap: 1 message per day"
    ]


def test_a_deferring_cap_keeps_the_message_until_there_is_room(shop: Shop):
    caps = (WorkspaceCap(limit=1, per=Length(1, "day"), over="defer"),)
    world = shop(
        'rule "A" when registered send email "a"\nrule "B" when registered send email "b" wait 1h send email "c"',
        caps=caps,
    )

    world.event("registered")
    world.finish()

    assert told(world, "sent") == [("02 09:00", "email/a"), ("03 00:00", "email/b"), ("04 00:00", "email/c")]


def test_a_deferred_message_still_keeps_quiet_hours(shop: Shop):
    caps = (WorkspaceCap(limit=1, per=Length(1, "day"), over="defer"),)
    world = shop(
        'rule "A" when registered send email "a"\nrule "B" when registered send email "b"', caps=caps, quiet_hours=NIGHT
    )

    world.event("registered")
    world.finish()

    assert told(world, "sent") == [("02 09:00", "email/a"), ("03 09:00", "email/b")]


def test_a_cap_is_asked_after_quiet_hours_on_the_day_of_the_send(shop: Shop):
    world = shop(
        'when order_placed at most 1 message per day send email "a"', now="2026-03-02 21:00", quiet_hours=NIGHT
    )

    world.event("order_placed")
    world.at("22:30").event("order_placed")
    world.finish()

    assert told(world, "sent") == [("02 21:00", "email/a"), ("03 09:00", "email/a")]


# the first customers (D14)


def test_d14_only_the_first_customers_get_it(shop: Shop):
    world = shop('when registered only first 2 customers send email "gift"')

    for name in ("anna", "boris", "clara"):
        world.event("registered", of=name)
    world.finish()

    assert [each.customer for each in world.messages] == ["anna", "boris"]
    assert len(world.runs) == 2


def test_d14_a_customer_who_has_a_place_keeps_it(shop: Shop):
    world = shop('when order_placed only first 1 customers send email "gift"')

    for name in ("anna", "anna", "boris"):
        world.event("order_placed", of=name)
        world.plus(timedelta(minutes=5))
    world.finish()

    assert [each.customer for each in world.messages] == ["anna", "anna"]


def test_d14_a_place_is_given_back_when_nothing_was_sent(shop: Shop):
    world = shop('when registered only first 1 customers send email "gift"')

    world.verdict("email/gift", "suppressed", reason="no consent")
    world.event("registered", of="anna")
    world.verdict("email/gift", "sent")
    world.event("registered", of="boris")
    world.finish()

    assert [(each.customer, each.state) for each in world.messages] == [("anna", "suppressed"), ("boris", "sent")]


def test_d14_of_those_on_their_way_the_first_to_send_gets_the_place(shop: Shop):
    world = shop('when registered after 1h only first 1 customers send email "gift"')

    world.event("registered", of="anna", happened="08:30")
    world.event("registered", of="boris", happened="08:20")
    world.finish()

    assert [each.customer for each in world.messages] == ["boris"]
    assert sorted(run.end_reason or "" for run in world.runs) == ["finished", "only first 1 customers"]


def test_d14_in_a_rule_without_messages_the_first_effect_counts(shop: Shop):
    world = shop('when registered only first 1 customers add tag "early"')

    world.event("registered", of="anna")
    world.event("registered", of="boris")
    world.finish()

    assert [world.customer(name).tags for name in ("anna", "boris")] == [{"early"}, set()]
