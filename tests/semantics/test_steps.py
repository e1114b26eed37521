"""Steps one by one: what is sent, set, tagged, emitted, waited for and measured."""

from datetime import UTC, datetime, timedelta

import pytest


def utc(hour: int, minute: int = 0, *, day: int = 2) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def test_a_message_carries_the_event_and_the_variables_of_the_send(shop):
    world = shop(
        'when cart_abandoned send email "cart" '
        "with discount = 10%, city = customer.city, cart = event.cart_id, more = event.city"
    )
    world.identify(city="Kazan")

    world.event("cart_abandoned", {"cart_id": "c1"})

    [message] = world.messages
    assert message.context == {
        "event": {"cart_id": "c1"},
        "with": {"discount": 10, "city": "Kazan", "cart": "c1", "more": None},
    }


def test_a_step_guard_skips_only_its_send(shop):
    world = shop('rule "x" when registered wait 1h send email "one" unless order_placed send email "two"')

    world.at("10:00").event("registered")
    world.at("10:30").event("order_placed")
    world.finish()

    assert world.sent == ["email/two"]
    assert [entry.detail for entry in world.timeline if entry.what == "skipped"] == ['email "one": unless']


def test_the_first_arm_that_holds_is_taken(shop):
    world = shop(
        """
rule "x"
  when cart_abandoned
  if event.total > 100 RUB then
    send email "big"
  else if event.total > 10 RUB then
    send email "middle"
  else
    send email "small"
  end
  send sms "all"
"""
    )

    for number, total in enumerate((5, 50, 500)):
        world.event("cart_abandoned", {"total": total}, of=str(number))

    assert world.sent == ["email/small", "sms/all", "email/middle", "sms/all", "email/big", "sms/all"]


def test_exit_ends_the_run(shop):
    world = shop('rule "x" when registered if customer.blocked is yes then exit end send email "hello"')
    world.identify("anna", blocked=True)

    world.event("registered", of="anna")
    world.event("registered", of="boris")

    assert [message.customer for message in world.messages] == ["boris"]
    assert {run.end_reason for run in world.runs} == {"exit", "finished"}


def test_set_and_tags_change_the_customer(shop):
    world = shop(
        'rule "x" when cart_abandoned set customer.stage to "warm" set customer.city to event.city '
        'add tag "lead" add tag "buyer" remove tag "lead"'
    )
    world.identify(city="Kazan")

    world.event("cart_abandoned", {"city": "Omsk"})

    customer = world.customer()
    assert customer.attributes == {"stage": "warm", "city": "Omsk"}
    assert customer.tags == {"buyer"}


def test_setting_a_missing_value_removes_the_attribute(shop):
    world = shop('rule "x" when cart_abandoned set customer.city to event.city')
    world.identify(city="Kazan")

    world.event("cart_abandoned")

    assert world.customer().attributes == {}


def test_setting_a_value_of_the_wrong_kind_changes_nothing(shop):
    world = shop('rule "x" when cart_abandoned set customer.city to event.city')
    world.identify(city="Kazan")

    world.event("cart_abandoned", {"city": ["Omsk"]})

    assert world.customer().attributes == {"city": "Kazan"}


WAIT = """
rule "x"
  when registered
  wait 1h
  wait for order_placed up to 2h
  if arrived then send email "yes" else send email "no" end
"""


@pytest.mark.parametrize(
    ("arrives", "happened", "sent", "at"),
    [
        ("12:00", None, "email/yes", utc(12)),
        ("13:00", None, "email/yes", utc(13)),
        ("10:30", None, "email/no", utc(13)),
        ("12:00", "10:30", "email/no", utc(13)),
        ("12:30", "12:10", "email/yes", utc(12, 30)),
    ],
)
def test_only_what_happens_during_the_wait_arrives(shop, arrives, happened, sent, at):
    world = shop(WAIT)

    world.at("10:00").event("registered")
    if arrives == "13:00":
        world.at("12:59:59")
        world.now = world.moment("13:00")
        world.receive(world.make_event("order_placed", {}, happened="13:00"))
    else:
        world.at(arrives).event("order_placed", happened=happened)
    world.finish()

    assert (world.sent, [message.at for message in world.messages]) == ([sent], [at])


def test_an_event_after_the_wait_does_not_count_although_the_timer_is_late(shop):
    world = shop(WAIT)
    world.at("10:00").event("registered")
    world.at("12:00")

    world.now = world.moment("13:10")
    world.receive(world.make_event("order_placed", {}, happened="13:05"))

    assert world.sent == ["email/no"]


def test_a_wait_after_an_arrival_counts_from_the_event(shop):
    world = shop('rule "x" when registered wait for order_placed up to 2 days wait 1h send email "hello"')

    world.at("10:00").event("registered")
    world.at("12:30").event("order_placed", happened="12:10")
    world.finish()

    [message] = world.messages
    assert message.at == utc(13, 10)


@pytest.mark.parametrize(
    ("ordered", "reached"),
    [
        ("2026-03-02 09:59", None),
        ("2026-03-02 10:00", utc(10)),
        ("2026-03-09 10:00", utc(10, day=9)),
        ("2026-03-09 10:00:01", None),
    ],
)
def test_a_goal_is_measured_within_its_time_also_after_the_end_of_the_run(shop, ordered, reached):
    world = shop('when registered goal order_placed within 7 days send email "hello"')

    world.at("10:00").event("registered")
    when = world.moment(ordered)
    world.at(max(when, world.now)).event("order_placed", happened=when)

    [run] = world.runs
    assert (run.state, run.goal_until, run.goal_at) == ("ended", utc(10, day=9), reached)


def test_a_goal_stops_nothing_and_counts_once(shop):
    world = shop('when registered after 1 day goal order_placed within 7 days send email "hello"')

    world.at("10:00").event("registered")
    world.at("11:00").event("order_placed")
    world.at("12:00").event("order_placed")
    world.finish()

    assert world.sent == ["email/hello"]
    assert world.runs[0].goal_at == utc(11)


def test_a_stop_that_is_also_the_goal_is_both(shop):
    world = shop(
        'when registered after 1 day stop when order_placed goal order_placed within 7 days send email "hello"'
    )

    world.at("10:00").event("registered")
    world.at("11:00").event("order_placed")

    [run] = world.runs
    assert (run.goal_at, run.end_reason) == (utc(11), "stop when order_placed")


def test_events_of_several_names_start_one_rule(shop):
    world = shop('when registered or visit_booked send email "hello" wait 2 min send sms "hello"')

    world.at("10:00").event("registered")
    world.at("10:10").event("visit_booked")
    world.finish()

    assert world.sent == ["email/hello", "sms/hello"] * 2


def test_a_run_ends_with_its_last_send_and_parks_at_the_others(shop):
    world = shop('rule "x" when registered send email "one" send email "two"')
    world.verdict("email/one", "sent", after=timedelta(minutes=5))
    world.verdict("email/two", "sent", after=timedelta(minutes=5))

    world.at("10:00").event("registered")
    assert world.runs[0].state == "sending"
    world.at("10:05")

    assert world.runs[0].state == "ended"
