"""S1 to S6: how a run starts, what is looked at again, what ends it, and what the same event does to it again."""

from datetime import UTC, datetime, timedelta

import pytest

HOUR = timedelta(hours=1)


def utc(hour: int, minute: int = 0, *, day: int = 2) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def test_s01_after_counts_from_the_events_own_time(shop):
    world = shop('when cart_abandoned after 1h send email "cart"')

    world.at("10:00").event("cart_abandoned", happened="09:20")
    world.finish()

    [message] = world.messages
    assert message.at == utc(10, 20)


def test_s01_a_delay_that_is_over_on_arrival_is_due_at_once(shop):
    world = shop('when cart_abandoned after 1h send email "cart"')

    world.at("10:30").event("cart_abandoned", happened="09:20")

    [message] = world.messages
    assert message.at == utc(10, 30)


def test_s01_seconds_are_a_unit(shop):
    world = shop('when cart_abandoned after 5s send email "cart"')

    world.at("10:00").event("cart_abandoned")
    world.finish()

    [message] = world.messages
    assert message.at == utc(10) + timedelta(seconds=5)


def test_s02_only_if_is_looked_at_again_when_the_hour_ends(shop):
    world = shop('when cart_abandoned after 1h only if customer.city is "Kazan" send email "cart"')
    world.identify(city="Kazan")

    world.at("10:00").event("cart_abandoned")
    world.at("10:30").identify(city="Moscow")
    world.finish()

    assert world.sent == []
    [run] = world.runs
    assert run.end_reason == 'only if customer.city is "Kazan"'


def test_s02_unless_is_looked_at_again_before_every_send(shop):
    world = shop("""
rule "two mails"
  when cart_abandoned
  unless customer.blocked is yes
  send email "first"
  wait 1 day
  send email "second"
""")

    world.at("10:00").event("cart_abandoned")
    world.at("12:00").identify(blocked=True)
    world.finish()

    assert world.sent == ["email/first"]
    assert world.runs[0].end_reason == "unless customer.blocked is yes"


def test_s02_a_guard_that_fails_at_the_start_starts_nothing(shop):
    world = shop('when cart_abandoned after 1h only if customer.city is "Kazan" send email "cart"')

    world.at("10:00").event("cart_abandoned")
    world.at("10:30").identify(city="Kazan")
    world.finish()

    assert world.runs == []


def test_s02_where_is_not_looked_at_again(shop):
    world = shop('when cart_abandoned where event.total > 1500 RUB after 1h send email "cart"')

    world.at("10:00").event("cart_abandoned", {"total": 1501})
    world.at("10:10").event("cart_abandoned", {"total": 10})
    world.finish()

    [message] = world.messages
    assert message.context["event"] == {"total": 1501}


def test_s03_stop_when_acts_at_once_and_for_good(shop):
    world = shop('when registered after 24h stop when order_paid send email "welcome"')

    world.at("10:00").event("registered")
    world.at("10:05").event("order_paid")

    [run] = world.runs
    assert (run.state, run.ended_at, run.end_reason) == ("ended", utc(10, 5), "stop when order_paid")
    world.finish()
    assert world.sent == []


def test_s03_stop_when_acts_in_the_middle_of_a_wait(shop):
    world = shop("""
rule "series"
  when registered
  stop when order_paid
  send email "one"
  wait 2 days
  send email "two"
""")

    world.at("10:00").event("registered")
    world.plus(timedelta(days=1)).event("order_paid")
    world.finish()

    assert world.sent == ["email/one"]


def test_s03_stop_when_overtakes_a_last_mail_that_the_provider_puts_off(shop):
    world = shop('when registered stop when order_paid send email "welcome"')
    world.verdict("email/welcome", "sent", after=timedelta(hours=6))

    world.at("10:00").event("registered")
    world.at("11:00").event("order_paid")
    world.finish()

    assert world.sent == []
    assert world.runs[0].end_reason == "stop when order_paid"


def test_s03_stop_when_with_a_condition_looks_at_the_new_event(shop):
    world = shop('when registered after 1h stop when order_placed where event.total > 100 RUB send email "welcome"')

    world.at("10:00").event("registered")
    world.at("10:05").event("order_placed", {"total": 50})
    assert world.runs[0].state == "waiting"
    world.at("10:06").event("order_placed", {"total": 150})

    assert world.runs[0].end_reason == "stop when order_placed where event.total > 100 RUB"


def test_s04_the_event_again_before_the_first_message_restarts_the_run(shop):
    world = shop('when cart_abandoned after 1h send email "cart"')

    world.at("10:00").event("cart_abandoned", {"total": 100})
    world.at("10:40").event("cart_abandoned", {"total": 200})
    world.finish()

    [message] = world.messages
    assert message.at == utc(11, 40)
    assert message.context["event"] == {"total": 200}
    assert len(world.runs) == 1


def test_s04_the_event_again_after_the_first_message_is_ignored(shop):
    world = shop('rule "x" when cart_abandoned send email "cart" wait 1 day send email "cart_2"')

    world.at("10:00").event("cart_abandoned", {"total": 100})
    world.at("11:00").event("cart_abandoned", {"total": 200})
    world.finish()

    assert world.sent == ["email/cart", "email/cart_2"]
    assert [message.context["event"] for message in world.messages] == [{"total": 100}] * 2


def test_s04_another_key_is_another_run(shop):
    world = shop('when cart_abandoned after 1h send email "cart"')

    world.at("10:00").event("cart_abandoned", {"cart_id": "c1"})
    world.at("10:40").event("cart_abandoned", {"cart_id": "c2"})
    world.finish()

    assert [(message.at, message.context["event"]) for message in world.messages] == [
        (utc(11), {"cart_id": "c1"}),
        (utc(11, 40), {"cart_id": "c2"}),
    ]


def test_s04_parallel_only_if_asked(shop):
    world = shop('when registered after 1h if repeated parallel send email "hello"')

    world.at("10:00").event("registered")
    world.at("10:40").event("registered")
    world.finish()

    assert [message.at for message in world.messages] == [utc(11), utc(11, 40)]


def test_s04_ignore_keeps_the_first(shop):
    world = shop('when cart_abandoned after 1h if repeated ignore send email "cart"')

    world.at("10:00").event("cart_abandoned", {"total": 100})
    world.at("10:40").event("cart_abandoned", {"total": 200})
    world.finish()

    [message] = world.messages
    assert (message.at, message.context["event"]) == (utc(11), {"total": 100})


def test_s04_an_older_event_that_arrives_late_does_not_restart_a_run(shop):
    world = shop('when cart_abandoned after 1h send email "cart"')

    world.at("10:00").event("cart_abandoned", {"total": 200})
    world.at("10:20").event("cart_abandoned", {"total": 100}, happened="09:50")
    world.finish()

    [message] = world.messages
    assert (message.at, message.context["event"]) == (utc(11), {"total": 200})


def test_s04_a_repetition_that_the_guards_refuse_changes_nothing(shop):
    world = shop('when cart_abandoned where event.total > 150 RUB after 1h send email "cart"')

    world.at("10:00").event("cart_abandoned", {"total": 200})
    world.at("10:40").event("cart_abandoned", {"total": 100})
    world.finish()

    [message] = world.messages
    assert message.at == utc(11)


@pytest.mark.parametrize("ending", ["order_placed", "cart_emptied"])
def test_s05_cancelled_by_ends_the_run_of_the_same_cart(shop, ending):
    world = shop('when cart_abandoned after 1h send email "cart"')

    world.at("10:00").event("cart_abandoned", {"cart_id": "c1"})
    world.event("cart_abandoned", {"cart_id": "c2"})
    world.at("10:40").event(ending, {"cart_id": "c1"})
    world.finish()

    assert [message.context["event"] for message in world.messages] == [{"cart_id": "c2"}]
    assert [run.end_reason for run in world.runs if run.key == "c1"] == [f"cancelled by {ending}"]


@pytest.mark.parametrize(("ours", "theirs"), [({"cart_id": "c1"}, {}), ({}, {"cart_id": "c1"}), ({}, {})])
def test_s05_without_the_key_on_both_sides_any_such_event_of_the_customer_cancels(shop, ours, theirs):
    world = shop('when cart_abandoned after 1h send email "cart"')

    world.at("10:00").event("cart_abandoned", ours)
    world.at("10:40").event("order_placed", theirs)
    world.finish()

    assert world.sent == []


def test_s05_another_customer_does_not_cancel(shop):
    world = shop('when cart_abandoned after 1h send email "cart"')

    world.at("10:00").event("cart_abandoned", {"cart_id": "c1"}, of="anna")
    world.at("10:40").event("order_placed", {"cart_id": "c1"}, of="boris")
    world.finish()

    assert world.sent == ["email/cart"]


def test_s06_once_per_counts_from_the_last_run_that_sent_something(shop):
    world = shop('when registered after 1h stop when order_paid once per 7 days send email "hello"')

    world.at("10:00").event("registered")
    world.at("10:30").event("order_paid")
    world.at("11:00").event("registered")
    world.at("2026-03-09 11:59:59").event("registered")
    world.at("2026-03-09 12:00").event("registered")
    world.finish()

    assert [message.at for message in world.messages] == [utc(12), utc(13, day=9)]


def test_s06_a_message_that_was_not_sent_does_not_count(shop):
    world = shop('when registered once per 7 days send email "hello"')
    world.verdict("email/hello", "suppressed", reason="no consent")

    world.at("10:00").event("registered")
    world.verdict("email/hello", "sent")
    world.at("11:00").event("registered")
    world.at("12:00").event("registered")

    assert [message.state for message in world.messages] == ["suppressed", "sent"]


def test_s06_one_message_of_the_run_that_was_sent_is_enough(shop):
    world = shop('rule "x" when registered once per 7 days send email "one" wait 1h send email "two"')
    world.verdict("email/two", "failed", reason="bounce")

    world.at("10:00").event("registered")
    world.at("12:00").event("registered")
    world.finish()

    assert [message.template for message in world.messages] == ["one", "two"]


def test_s06_once_per_is_kept_apart_by_its_key(shop):
    world = shop('when cart_abandoned once per event.cart_id per 7 days send email "cart"')

    world.at("10:00").event("cart_abandoned", {"cart_id": "c1"})
    world.at("10:10").event("cart_abandoned", {"cart_id": "c2"})
    world.at("10:20").event("cart_abandoned", {"cart_id": "c1"})

    assert [message.context["event"] for message in world.messages] == [{"cart_id": "c1"}, {"cart_id": "c2"}]


def test_s06_once_per_customer_is_for_ever(shop):
    world = shop('when registered once per customer send email "hello"')

    world.at("10:00").event("registered")
    world.at("2026-10-02 10:00").event("registered")

    assert world.sent == ["email/hello"]
