"""`A then B within …`, `then not C within …` (D10, D11, S1, S4, S15)."""

from datetime import timedelta

import pytest

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NOT_ORDERED = 'rule "x" when cart_updated then not order_placed within 1h {guards} send email "cart"'
THEN_PAID = 'rule "x" when order_placed then order_paid within 3 days {guards} send email "thanks"'


def test_without_the_event_that_must_not_come_the_run_begins_at_the_end_of_its_time(shop):
    world = shop(NOT_ORDERED.format(guards=""))

    world.event("cart_updated", {"cart_id": "c1"})
    world.finish()

    [message], [run] = world.messages, world.runs
    assert message.at == world.moment("10:00")
    assert run.began_at == world.moment("10:00")
    assert message.context["event"] == {"cart_id": "c1"}


@pytest.mark.parametrize(("after", "sent"), [(59, []), (60, []), (61, ["email/cart"])])
def test_the_event_that_must_not_come_ends_it_up_to_the_last_moment(shop, after, sent):
    world = shop(NOT_ORDERED.format(guards=""))
    world.event("cart_updated")

    world.up_to(world.now + after * MINUTE).event("order_placed")
    world.finish()

    assert world.sent == sent


def test_the_record_says_what_was_waited_for_and_what_came(shop):
    world = shop(NOT_ORDERED.format(guards=""))

    world.event("cart_updated")
    world.plus(MINUTE).event("order_placed")

    told = [(note.what, note.detail) for note in world.memory.notes]
    assert told == [
        ("waits", "for no order_placed until 2026-03-02T10:00:00+00:00"),
        ("ended", "sequence not completed: order_placed"),
    ]


def test_an_event_that_must_come_begins_the_run_at_its_own_time(shop):
    world = shop(THEN_PAID.format(guards=""))

    world.event("order_placed", {"cart_id": "c1"})
    world.plus(HOUR).event("order_paid")

    [message], [run] = world.messages, world.runs
    assert (message.at, run.began_at) == (world.moment("10:00"), world.moment("10:00"))
    assert message.context["event"] == {"cart_id": "c1"}


def test_an_event_that_does_not_come_in_time_ends_it(shop):
    world = shop(THEN_PAID.format(guards=""))

    world.event("order_placed")
    world.plus(timedelta(days=3, minutes=1)).event("order_paid")

    assert world.sent == []
    assert world.runs[0].end_reason == "sequence not completed: no order_paid"


def test_a_chain_counts_each_part_from_the_one_before(shop):
    world = shop(
        'rule "x" when registered then order_placed within 3 days then not order_paid within 14 days send email "pay"'
    )

    world.event("registered")
    world.at("2026-03-04 12:00").event("order_placed")
    world.finish()

    [message] = world.messages
    assert message.at == world.moment("2026-03-18 12:00")


def test_a_part_after_one_that_must_not_come_counts_from_the_end_of_its_time(shop):
    rule = 'rule "x" when registered then not order_placed within 1h then order_placed within 1h send email "late"'
    world = shop(rule)

    world.event("registered")
    world.plus(90 * MINUTE).event("order_placed")
    world.finish()

    [message] = world.messages
    assert message.at == world.moment("10:30")


def test_d11_the_first_event_again_restarts_the_window_with_the_new_data(shop):
    world = shop(NOT_ORDERED.format(guards=""))

    world.event("cart_updated", {"cart_id": "c1", "city": "Moscow"})
    world.at("09:50").event("cart_updated", {"cart_id": "c1", "city": "Kazan"})
    world.finish()

    [message] = world.messages
    assert message.at == world.moment("10:50")
    assert message.context["event"]["city"] == "Kazan"


def test_d11_another_key_is_a_sequence_of_its_own(shop):
    world = shop(NOT_ORDERED.format(guards=""))

    world.event("cart_updated", {"cart_id": "c1"})
    world.at("09:50").event("cart_updated", {"cart_id": "c2"})
    world.finish()

    assert [message.at for message in world.messages] == [world.moment("10:00"), world.moment("10:50")]


@pytest.mark.parametrize(("policy", "times"), [("ignore", ["10:00"]), ("parallel", ["10:00", "10:30"])])
def test_d11_the_author_may_ignore_the_first_event_again_or_want_both(shop, policy, times):
    world = shop(NOT_ORDERED.format(guards=f"if repeated {policy}"))

    world.event("cart_updated", {"cart_id": "c1"})
    world.at("09:30").event("cart_updated", {"cart_id": "c1"})
    world.finish()

    assert [message.at for message in world.messages] == [world.moment(each) for each in times]


def test_s04_a_sequence_that_is_complete_again_restarts_the_run_before_its_first_message(shop):
    world = shop('rule "x" when cart_updated then order_placed within 1h after 1 day send email "x"')

    world.event("cart_updated", {"cart_id": "c1", "city": "Moscow"})
    world.at("09:10").event("order_placed")
    world.at("09:20").event("cart_updated", {"cart_id": "c1", "city": "Kazan"})
    world.at("09:30").event("order_placed")
    world.finish()

    [message] = world.messages
    assert message.at == world.moment("2026-03-03 09:30")
    assert message.context["event"]["city"] == "Kazan"


def test_s04_a_sequence_that_is_not_complete_again_leaves_the_run_alone(shop):
    world = shop('rule "x" when cart_updated then order_placed within 1h after 1 day send email "x"')

    world.event("cart_updated", {"cart_id": "c1"})
    world.at("09:10").event("order_placed")
    world.at("09:20").event("cart_updated", {"cart_id": "c1"})
    world.finish()

    [message] = world.messages
    assert message.at == world.moment("2026-03-03 09:10")


def test_s04_after_the_first_message_a_further_sequence_is_ignored(shop):
    world = shop('rule "x" when cart_updated then order_placed within 1h send email "one" wait 1 day send email "two"')

    for minute in (0, 10):
        world.at(f"09:{minute:02}").event("cart_updated", {"cart_id": "c1"})
        world.at(f"09:{minute + 5:02}").event("order_placed")
    world.finish()

    assert world.sent == ["email/one", "email/two"]
    assert sorted(str(run.end_reason) for run in world.runs) == ["another run is on its way", "finished"]


def test_d10_with_same_only_an_event_about_the_same_thing_counts(shop):
    world = shop('rule "x" when cart_updated then not order_placed with same cart_id within 1h send email "cart"')

    world.event("cart_updated", {"cart_id": "c1"})
    world.event("cart_updated", {"cart_id": "c2"})
    world.plus(MINUTE).event("order_placed", {"cart_id": "c2"})
    world.finish()

    assert [message.context["event"]["cart_id"] for message in world.messages] == ["c1"]


def test_d10_without_it_any_such_event_of_the_customer_does(shop):
    world = shop(NOT_ORDERED.format(guards=""))

    world.event("cart_updated", {"cart_id": "c1"})
    world.plus(MINUTE).event("order_placed", {"cart_id": "c2"})
    world.finish()

    assert world.sent == []


def test_the_condition_of_a_part_looks_at_its_own_event(shop):
    world = shop(
        'rule "x" when cart_updated then not order_placed where event.kind is "web" within 1h send email "cart"'
    )

    world.event("cart_updated")
    world.plus(MINUTE).event("order_placed", {"kind": "shop"})
    world.finish()

    assert world.sent == ["email/cart"]


def test_guards_are_asked_when_the_sequence_is_complete(shop):
    guards = 'only if customer.stage is "warm"'
    warm_later, warm_before = shop(NOT_ORDERED.format(guards=guards)), shop(NOT_ORDERED.format(guards=guards))

    warm_later.event("cart_updated")
    warm_later.plus(MINUTE).identify(stage="warm")
    warm_later.finish()
    warm_before.identify(stage="warm")
    warm_before.event("cart_updated")
    warm_before.plus(MINUTE).identify(stage="cold")
    warm_before.finish()

    assert warm_later.sent == ["email/cart"]
    assert warm_before.sent == []
    assert warm_before.runs[0].end_reason == guards


def test_a_stop_acts_from_the_first_event_on(shop):
    world = shop(NOT_ORDERED.format(guards="stop when cart_emptied"))

    world.event("cart_updated")
    world.plus(MINUTE).event("cart_emptied")
    world.finish()

    assert world.sent == []
    assert world.runs[0].end_reason == "stop when cart_emptied"


def test_what_cancels_the_first_event_ends_the_sequence(shop):
    world = shop('rule "x" when cart_abandoned then not registered within 1h send email "cart"')

    world.event("cart_abandoned", {"cart_id": "c1"})
    world.plus(MINUTE).event("order_placed", {"cart_id": "c1"})
    world.finish()

    assert world.runs[0].end_reason == "cancelled by order_placed"


def test_a_bare_event_in_a_condition_means_since_the_sequence_was_complete(shop):
    world = shop(
        'rule "x" when cart_updated then order_placed within 1h'
        ' wait 1h if order_placed then send email "again" else send email "once" end'
    )

    world.event("cart_updated")
    world.plus(MINUTE).event("order_placed")
    world.finish()

    assert world.sent == ["email/once"]


def test_once_per_and_goals_know_nothing_of_a_sequence_that_is_not_complete(shop):
    world = shop(NOT_ORDERED.format(guards="goal order_paid within 1 day once per 7 days"))

    world.event("cart_updated", {"cart_id": "c1"})
    world.plus(MINUTE).event("order_paid")
    world.plus(MINUTE).event("order_placed")
    world.plus(MINUTE).event("cart_updated", {"cart_id": "c1"})
    world.finish()
    world.event("order_paid")

    assert world.sent == ["email/cart"]
    assert [run.goal_at for run in world.runs] == [None, world.now]


def test_once_per_is_asked_when_the_sequence_is_complete(shop):
    world = shop(NOT_ORDERED.format(guards="once per 7 days"))

    for _ in range(2):
        world.event("cart_updated")
        world.plus(2 * HOUR)

    assert world.sent == ["email/cart"]
    assert world.runs[1].end_reason == "once per"


def test_start_is_the_moment_at_which_the_sequence_was_complete(shop):
    world = shop('rule "x" when cart_updated then order_placed within 1h wait until 2h after start send email "x"')

    world.event("cart_updated")
    world.plus(30 * MINUTE).event("order_placed")
    world.finish()

    [message] = world.messages
    assert message.at == world.moment("11:30")


def test_s15_a_late_event_of_the_right_time_counts_while_the_decision_is_open(shop):
    world = shop(NOT_ORDERED.format(guards=""))

    world.event("cart_updated")
    world.at("09:50").event("order_placed", happened="09:10")
    world.finish()

    assert world.sent == []


def test_s15_a_late_event_from_before_the_sequence_does_not(shop):
    world = shop(NOT_ORDERED.format(guards=""))

    world.event("cart_updated")
    world.at("09:50").event("order_placed", happened="08:59")
    world.finish()

    assert world.sent == ["email/cart"]


def test_s15_the_first_event_may_arrive_after_the_others(shop):
    world = shop('rule "x" when registered then order_placed within 1h then order_paid within 1h send email "thanks"')

    world.event("order_paid", happened="08:50")
    world.event("order_placed", happened="08:30")
    world.event("registered", happened="08:00")

    [run] = world.runs
    assert world.sent == ["email/thanks"]
    assert run.began_at == world.moment("08:50")


def test_s15_a_first_event_that_arrives_late_is_not_followed_by_what_came_too_late(shop):
    world = shop(THEN_PAID.format(guards=""))

    world.event("order_paid", happened="2026-03-02 08:00")
    world.event("order_placed", happened="2026-02-27 07:59")
    world.finish()

    assert world.sent == []


def test_s15_a_first_event_whose_time_is_over_is_decided_at_once(shop):
    world = shop(NOT_ORDERED.format(guards=""))

    world.event("cart_updated", happened="07:00")
    world.finish()

    [message], [run] = world.messages, world.runs
    assert (message.at, run.began_at) == (world.moment("09:00"), world.moment("08:00"))


def test_a_first_event_is_not_its_own_second(shop):
    world = shop('rule "x" when order_placed then order_placed within 1 day send email "again"')

    world.event("order_placed")
    world.plus(HOUR)
    sent_after_one = list(world.sent)
    world.event("order_placed")

    assert (sent_after_one, world.sent) == ([], ["email/again"])


def test_s08_a_new_zone_moves_calendar_windows_and_no_exact_ones(shop):
    world = shop(
        'rule "days" when cart_updated then not order_placed within 1 day send email "days"\n'
        'rule "hours" when cart_updated then not order_placed within 24h send email "hours"',
        now="2026-03-28T12:00+01:00",
    )

    world.event("cart_updated")
    world.plus(HOUR).identify(timezone="Europe/Berlin")  # its night of 29 March has 23 hours
    world.finish()

    ends = {message.template: message.at for message in world.messages}
    assert ends == {"days": world.moment("2026-03-29T10:00Z"), "hours": world.moment("2026-03-29T11:00Z")}


def test_s21_a_sequence_under_way_finishes_on_its_own_version(shop, plan):
    world = shop(NOT_ORDERED.format(guards=""))
    world.event("cart_updated")

    world.publish(plan('rule "x" when cart_updated then not order_placed within 3h send email "cart_two"'))
    world.finish()

    assert world.sent == ["email/cart"]
    assert world.runs[0].rule_set == 1


def test_s21_the_first_event_again_takes_the_sequence_to_the_new_version(shop, plan):
    world = shop(NOT_ORDERED.format(guards=""))
    world.event("cart_updated", {"cart_id": "c1"})

    world.publish(plan('rule "x" when cart_updated then not order_placed within 3h send email "cart_two"'))
    world.plus(MINUTE).event("cart_updated", {"cart_id": "c1"})
    world.finish()

    [message] = world.messages
    assert (message.template, message.at) == ("cart_two", world.moment("12:01"))
