"""S20 to S24: splits, edits of running rules, restarts of the server, weekdays, and what comes first."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from engine.testing.reading.casting import name_of_one_who_takes

SPLIT = """
rule "ab"
  when registered
  split "test"
    {a}% "A": send email "a"
    {b}% "B": send email "b"
    10% holdout
  end
"""


def arms(shop, a: int, b: int, people: int = 300) -> dict[str, str]:
    world = shop(SPLIT.format(a=a, b=b))
    for number in range(people):
        world.event("registered", of=str(number))
    return {run.customer.hex: run.split["test"] for run in world.runs}


def test_s20_moving_the_border_moves_only_those_between(shop):
    before, after = arms(shop, 45, 45), arms(shop, 60, 30)

    moves = Counter((before[person], after[person]) for person in before if before[person] != after[person])
    assert set(moves) == {("B", "A")}
    assert 20 < moves["B", "A"] < 75


def test_s20_shares_are_kept_and_the_holdout_is_recorded(shop):
    taken = Counter(arms(shop, 45, 45, people=1000).values())

    assert 380 < taken["A"] < 520
    assert 380 < taken["B"] < 520
    assert 60 < taken["holdout"] < 140


def test_s20_the_held_out_get_nothing_and_their_run_says_so(shop):
    world = shop(SPLIT.format(a=45, b=45))
    for number in range(60):
        world.event("registered", of=str(number))

    held_out = [run for run in world.runs if run.split["test"] == "holdout"]

    assert held_out
    assert {run.end_reason for run in held_out} == {"holdout"}
    assert not {message.run for message in world.messages} & {run.id for run in held_out}


def test_s20_a_customer_takes_the_same_arm_every_time(shop):
    world = shop(SPLIT.format(a=45, b=45))

    for _ in range(5):
        world.plus(timedelta(days=1)).event("registered")

    assert len({run.split["test"] for run in world.runs}) == 1


def test_s21_runs_finish_on_the_version_they_began_with(shop, plan):
    world = shop('rule "x" when registered after 1h send email "old"')

    world.at("10:00").event("registered", of="anna")
    world.publish(plan('rule "x" when registered after 30 min send email "new"'))
    world.at("10:10").event("registered", of="boris")
    world.finish()

    assert [(message.customer, message.template, message.at.minute) for message in world.messages] == [
        ("boris", "new", 40),
        ("anna", "old", 0),
    ]


def test_s21_runs_of_a_rule_that_is_gone_finish_and_can_be_stopped(shop, plan):
    world = shop('rule "x" when registered after 1h stop when order_paid send email "old"')

    world.at("10:00").event("registered", of="anna")
    world.event("registered", of="boris")
    world.publish(plan('rule "y" when order_placed send email "new"'))
    world.at("10:10").event("order_paid", of="anna")
    world.event("registered", of="vera")
    world.finish()

    assert [(message.customer, message.template) for message in world.messages] == [("boris", "old")]


def test_s21_a_restart_begins_on_the_live_version(shop, plan):
    world = shop('rule "x" when registered after 1h send email "old"')

    world.at("10:00").event("registered")
    world.publish(plan('rule "x" when registered after 2h send email "new"'))
    world.at("10:10").event("registered")
    world.finish()

    [message] = world.messages
    assert (message.template, message.at.hour, message.rule_set) == ("new", 12, 2)


def test_s21_the_event_again_restarts_a_run_of_a_rule_that_is_gone(shop, plan):
    world = shop('rule "x" when registered after 1h send email "old"')

    world.at("10:00").event("registered")
    world.publish(plan('rule "y" when order_placed send email "new"'))
    world.at("10:30").event("registered")
    world.finish()

    [message] = world.messages
    assert (message.template, message.at.hour, message.at.minute) == ("old", 11, 30)


@pytest.mark.parametrize(
    ("outage", "sent"), [(timedelta(hours=11, minutes=59), ["email/hello"]), (timedelta(hours=12), [])]
)
def test_s22_timers_survive_a_restart_and_overdue_ones_follow_s15(shop, outage, sent):
    from engine.core.runs.advancing import advance

    world = shop('when registered after 1h send email "hello"')
    world.at("10:00").event("registered")
    back = world.now + timedelta(hours=1) + outage

    facts = world.memory.facts(world.customer().id)
    effects = advance(world.programs, world.live, facts, [], [], now=back, horizon=back)

    assert [f"{message.channel}/{message.template}" for message in effects.messages] == sent
    assert [run.end_reason for run in effects.runs] == (["finished"] if sent else ["overdue"])


@pytest.mark.parametrize(
    ("now", "sent"),
    [
        ("2026-03-06 09:00", datetime(2026, 3, 6, 10, tzinfo=UTC)),
        ("2026-03-06 10:00", datetime(2026, 3, 13, 10, tzinfo=UTC)),
        ("2026-03-06 10:00:01", datetime(2026, 3, 13, 10, tzinfo=UTC)),
        ("2026-03-07 09:00", datetime(2026, 3, 13, 10, tzinfo=UTC)),
    ],
)
def test_s23_friday_10_on_friday_9_is_today_and_a_second_after_10_next_week(shop, now, sent):
    world = shop('rule "x" when registered wait until friday 10:00 send email "hello"', now=now)

    world.event("registered")
    world.finish()

    assert [message.at for message in world.messages] == [sent]


def test_s24_a_stop_at_the_instant_of_the_send_wins(shop):
    world = shop('when registered after 1h stop when order_paid send email "hello"')
    world.at("10:00").event("registered")
    facts, eleven = world.memory.facts(world.customer().id), world.moment("11:00")

    world.now = eleven
    effects = world.receive(world.make_event("order_paid", {}, happened="11:00"))

    assert facts.runs[0].wake_at == eleven
    assert effects.messages == ()
    assert world.runs[0].end_reason == "stop when order_paid"


def test_s24_stops_come_before_starts_of_the_same_event(shop):
    world = shop(
        'rule "wait" when registered after 1h stop when order_placed send email "one"\n'
        'rule "again" when order_placed emit registered\n'
    )

    world.at("10:00").event("registered")
    world.at("10:30").event("order_placed")
    world.finish()

    [message] = world.messages
    assert message.at.hour == 11 and message.at.minute == 30


def test_s24_rules_act_by_priority_then_by_their_place(shop):
    world = shop(
        """
rule "third" when registered send email "third"
rule "fourth" when registered send email "fourth"
rule "second" when registered priority 1 send email "second"
rule "first" when registered priority 10 send email "first"
"""
    )

    world.event("registered")

    assert world.sent == ["email/first", "email/second", "email/third", "email/fourth"]


def test_s24_timers_of_one_instant_go_by_priority(shop):
    world = shop(
        """
rule "low" when registered after 1h send email "low"
rule "high" when registered after 1h priority 5 send email "high"
"""
    )

    world.event("registered")
    world.finish()

    assert world.sent == ["email/high", "email/low"]


def test_s24_of_one_rule_the_older_run_goes_first(shop):
    world = shop('rule "x" when cart_updated once per event.cart_id per 7 days wait until 12:00 send email "cart"')

    for number in range(8):
        world.at("10:00").event("cart_updated", {"cart_id": "older"}, of=str(number))
    for number in range(8):
        world.at("10:10").event("cart_updated", {"cart_id": "newer"}, of=str(number))
    world.finish()

    assert [message.context["event"]["cart_id"] for message in world.messages] == ["older"] * 8


def test_s24_one_send_per_customer_and_template_in_a_minute(shop):
    world = shop(
        """
rule "one" when registered send email "hello"
rule "two" when order_placed send email "hello" wait 1h send email "later"
"""
    )

    world.at("10:00").event("registered")
    world.at("10:00:59").event("order_placed")
    world.finish()
    world.at("2026-03-03 10:00").event("registered")
    world.at("2026-03-03 10:01").event("order_placed")

    assert world.sent == ["email/hello", "email/later", "email/hello", "email/hello"]
    [skipped] = [entry for entry in world.timeline if entry.what == "skipped"]
    assert skipped.detail == 'email "hello": the same message within a minute'


def test_s24_service_messages_about_two_orders_are_two_and_about_one_order_one(shop):
    world = shop('rule "receipt" when cart_updated transactional send email "hello"')

    world.at("10:00").event("cart_updated", {"cart_id": "c1"})
    world.at("10:00:10").event("cart_updated", {"cart_id": "c2"})
    world.at("10:00:20").event("cart_updated", {"cart_id": "c2"})
    world.finish()

    assert world.sent == ["email/hello", "email/hello"]


def test_s24_the_same_template_to_two_customers_is_two_messages(shop):
    world = shop('when registered send email "hello"')

    world.event("registered", of="anna")
    world.event("registered", of="boris")

    assert world.sent == ["email/hello", "email/hello"]


def test_s20_a_test_can_ask_for_somebody_who_takes_an_arm(shop, plan):
    rules = SPLIT.format(a=45, b=45)
    world = shop(rules)

    held_out = name_of_one_who_takes(plan(rules), {"test": "holdout"})
    taker = name_of_one_who_takes(plan(rules), {"test": "B"})
    world.event("registered", of=held_out)
    world.event("registered", of=taker)

    assert [(message.customer, message.template) for message in world.messages] == [(taker, "b")]
    with pytest.raises(LookupError, match='no split "test" has an arm "C"'):
        name_of_one_who_takes(plan(rules), {"test": "C"})
