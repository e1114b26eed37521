"""The decisions of section 8 of the language's design, where they concern what runs."""

from datetime import UTC, datetime, timedelta

import pytest


def utc(hour: int, minute: int = 0, *, day: int = 2) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def starts(shop, condition: str, **traits: object) -> bool:
    world = shop(f'when registered only if {condition} send email "hello"')
    if traits:
        world.identify(**traits)
    world.event("registered")
    return world.sent == ["email/hello"]


@pytest.mark.parametrize(
    ("traits", "yes", "no"),
    [({"subscribed": True}, True, False), ({"subscribed": False}, False, True), ({}, False, False)],
)
def test_d03_unknown_is_neither_yes_nor_no(shop, traits, yes, no):
    assert starts(shop, "customer.subscribed is yes", **traits) is yes
    assert starts(shop, "customer.subscribed is no", **traits) is no


def test_d06_tomorrow_is_the_next_calendar_day(shop):
    world = shop('rule "x" when registered wait until tomorrow 10:00 send email "hello"')

    world.at("09:00").event("registered", of="anna")
    world.at("23:00").event("registered", of="boris")
    world.finish()

    assert [message.at for message in world.messages] == [utc(10, day=3), utc(10, day=3)]


def test_d06_a_clock_time_is_strictly_after_now(shop):
    world = shop('rule "x" when registered wait until 10:00 send email "hello"')

    world.at("10:00").event("registered")
    world.finish()

    [message] = world.messages
    assert message.at == utc(10, day=3)


VISIT = 'rule "x" when visit_booked wait until 2 days before event.visit_at at 10:00{or_now} send email "soon"'


def test_d07_a_moment_ahead_is_waited_for(shop):
    world = shop(VISIT.format(or_now=""))

    world.event("visit_booked", {"visit_at": "2026-03-20T18:00:00Z"})
    world.finish()

    [message] = world.messages
    assert message.at == utc(10, day=18)


def test_d07_a_moment_that_has_passed_ends_the_run(shop):
    world = shop(VISIT.format(or_now=""))

    world.event("visit_booked", {"visit_at": "2026-03-03T18:00:00Z"})
    world.finish()

    assert world.sent == []
    assert world.runs[0].end_reason == "moment past"


def test_d07_or_now_goes_on_at_once(shop):
    world = shop(VISIT.format(or_now=" or now"))

    world.event("visit_booked", {"visit_at": "2026-03-03T18:00:00Z"})

    [message] = world.messages
    assert message.at == utc(9)


def test_d07_a_moment_that_nobody_knows_ends_the_run(shop):
    world = shop(VISIT.format(or_now=""))

    world.event("visit_booked", {"visit_at": "soon"})
    world.finish()

    assert world.runs[0].end_reason == "moment unknown"


def test_d07_a_date_is_its_own_midnight_in_the_customers_zone(shop):
    world = shop('rule "x" when visit_booked wait until 3h after event.on send email "soon"', timezone="Europe/Moscow")

    world.event("visit_booked", {"on": "2026-03-05"})
    world.finish()

    [message] = world.messages
    assert message.at == utc(0, day=5)


def test_d07_a_day_that_has_passed_ends_the_run(shop):
    world = shop('rule "x" when registered wait until 2026-03-01 send email "hello"')

    world.event("registered")

    assert world.runs[0].end_reason == "moment past"


def test_d08_start_is_the_moment_the_run_began_and_never_drifts(shop):
    world = shop(
        """
rule "x"
  when registered
  send email "one"
  wait until 2 hours after start
  send email "two"
"""
    )
    world.verdict("email/one", "sent", after=timedelta(minutes=50))

    world.at("10:00").event("registered")
    world.finish()

    assert [message.at for message in world.messages] == [utc(10, 50), utc(12)]


def test_d08_a_chained_wait_counts_from_the_send_before_it(shop):
    world = shop('rule "x" when registered send email "one" wait 1 day send email "two"')
    world.verdict("email/one", "sent", after=timedelta(minutes=50))

    world.at("10:00").event("registered")
    world.finish()

    assert [message.at for message in world.messages] == [utc(10, 50), utc(10, 50, day=3)]


def test_d09_the_event_that_started_the_run_is_part_of_history(shop):
    world = shop('when order_placed only if order_placed in last 1 day send email "thanks"')

    world.event("order_placed")

    assert world.sent == ["email/thanks"]


def test_d09_but_it_did_not_happen_since_the_run_began(shop):
    world = shop('when order_placed after 1h unless order_placed send email "thanks"')

    world.at("10:00").event("order_placed", of="anna")
    world.event("order_placed", of="boris")
    world.at("10:30").event("order_placed", of="boris")
    world.at("11:10")

    assert [message.customer for message in world.messages] == ["anna"]


def test_d10_stop_when_means_any_such_event_of_the_customer(shop):
    world = shop('when cart_updated after 1h stop when order_placed send email "cart"')

    world.event("cart_updated", {"cart_id": "c1"})
    world.event("order_placed", {"cart_id": "c2"})

    assert world.runs[0].end_reason == "stop when order_placed"


def test_d10_with_same_compares_the_new_event_with_the_runs_own(shop):
    world = shop('when cart_updated after 1h stop when order_placed with same cart_id send email "cart"')

    world.event("cart_updated", {"cart_id": "c1"})
    world.event("order_placed", {"cart_id": "c2"})
    world.event("order_placed", {})
    assert world.runs[0].state == "waiting"
    world.event("order_placed", {"cart_id": "c1"})

    assert world.runs[0].state == "ended"


WAIT_FOR = """
rule "x"
  when cart_updated
  wait for order_placed{match} up to 2 days
  if arrived then
    send email "thanks"
  else
    send email "last"
  end
"""


@pytest.mark.parametrize(
    ("match", "order", "sent"),
    [
        ("", {"cart_id": "c2"}, ["email/thanks"]),
        (" with same cart_id", {"cart_id": "c2"}, ["email/last"]),
        (" with same cart_id", {"cart_id": "c1"}, ["email/thanks"]),
        (" where event.total > 10 RUB", {"total": 9}, ["email/last"]),
        (" where event.total > 10 RUB", {"total": 11}, ["email/thanks"]),
    ],
)
def test_d10_wait_for_takes_any_such_event_unless_it_says_same(shop, match, order, sent):
    world = shop(WAIT_FOR.format(match=match))

    world.event("cart_updated", {"cart_id": "c1", "total": 1})
    world.at("12:00").event("order_placed", order)
    world.finish()

    assert world.sent == sent


def test_d11_if_repeated_restart_restarts_also_after_the_first_message(shop):
    world = shop('rule "x" when registered if repeated restart send email "one" wait 1h send email "two"')

    world.at("10:00").event("registered")
    world.at("10:30").event("registered")
    world.finish()

    assert [(message.template, message.at) for message in world.messages] == [
        ("one", utc(10)),
        ("one", utc(10, 30)),
        ("two", utc(11, 30)),
    ]


def test_d12_of_two_runs_in_flight_one_sends_and_the_other_ends(shop):
    world = shop('when registered after 1h if repeated parallel once per 7 days send email "hello"')

    world.at("10:00").event("registered")
    world.at("10:30").event("registered")
    world.finish()

    assert world.sent == ["email/hello"]
    assert [run.end_reason for run in world.runs] == ["finished", "once per"]


def test_d12_the_other_run_sends_when_the_first_could_not(shop):
    world = shop('when registered after 1h if repeated parallel once per 7 days send email "hello"')
    world.verdict("email/hello", "failed", reason="bounce")

    world.at("10:00").event("registered")
    world.at("10:30").event("registered")
    world.at("11:10")
    world.verdict("email/hello", "sent")
    world.finish()

    assert [message.state for message in world.messages] == ["failed", "sent"]


def test_d12_a_rule_without_sends_counts_from_its_first_effect(shop):
    world = shop("when registered once per 7 days emit order_paid")

    world.at("10:00").event("registered")
    world.at("11:00").event("registered")
    world.at("2026-03-09 10:00").event("registered")

    assert [event.name for event in world.memory.events].count("order_paid") == 2


@pytest.mark.parametrize(
    ("moment", "runs"),
    [
        ("2026-03-04 23:59:59", 0),
        ("2026-03-05 00:00", 1),
        ("2026-03-07 23:59:59", 1),
        ("2026-03-08 00:00", 0),
    ],
)
def test_d16_active_includes_both_days_in_the_workspaces_zone(shop, moment, runs):
    world = shop(
        'rule "x" when registered active from 2026-03-05 until 2026-03-07 send email "hello"', timezone="Asia/Tokyo"
    )
    world.identify(timezone="America/New_York")

    world.at(moment).event("registered")

    assert len(world.runs) == runs


def test_d16_runs_under_way_finish_after_the_last_day(shop):
    world = shop('rule "x" when registered active from 2026-03-01 until 2026-03-02 wait 3 days send email "hello"')

    world.event("registered")
    world.finish()

    [message] = world.messages
    assert message.at == utc(9, day=5)


def test_d17_a_template_is_its_channel_and_name(shop):
    world = shop('rule "x" when registered send email "hello" send sms "hello"')

    world.event("registered")

    assert world.sent == ["email/hello", "sms/hello"]


def test_d20_what_a_rule_sets_is_seen_by_the_next_rules(shop):
    world = shop(
        """
rule "first" when registered set customer.stage to "warm"
rule "second" when registered only if customer.stage is "warm" send email "hello"
rule "third" when order_paid only if customer.stage is "warm" send email "again"
"""
    )

    world.event("registered")
    world.event("order_paid")

    assert world.customer().attributes == {"stage": "warm"}
    assert "email/again" in world.sent


def test_d20_what_a_rule_emits_is_decided_after_the_events_already_read(shop):
    world = shop(
        """
rule "emits" when registered emit order_paid with order_id = event.source
rule "first" when order_placed send email "read"
rule "second" when order_paid send email "emitted"
"""
    )
    events = [
        world.make_event("registered", {"source": "ads"}, happened="08:59"),
        world.make_event("order_placed", {}, happened="09:00"),
    ]

    world.receive(*events)

    assert world.sent == ["email/read", "email/emitted"]
    assert world.messages[1].context["event"] == {"order_id": "ads"}


def test_d20_cause_and_depth_are_carried(shop):
    world = shop(
        """
rule "a" when chained_a emit chained_b
rule "b" when chained_b emit chained_c
"""
    )

    world.event("chained_a")

    causes = {event.name: event.cause for event in world.memory.events}
    assert causes["chained_a"] is None
    assert (causes["chained_b"].rule, causes["chained_b"].depth) == ("a", 1)
    assert (causes["chained_c"].rule, causes["chained_c"].depth) == ("b", 2)
