"""S14 and D16 to D20: who enters and leaves segments, and what else starts rules without an event, by virtual time."""

from __future__ import annotations

from datetime import timedelta

from tests.semantics.told import ACTIVE, MONDAY, VIP, local

BERLIN = "Europe/Berlin"
ENTERS = VIP + 'when customer enters vip send email "hello"\nwhen customer leaves vip send email "bye"'
BORDERS = ACTIVE + 'when customer enters active send email "hello"\nwhen customer leaves active send email "bye"'

# S14


def test_s14_entering_and_leaving_are_each_crossing_of_the_border(shop):
    world = shop(ENTERS)

    for tier in ("gold", "gold", "silver", "silver", "gold"):
        world.plus(timedelta(hours=1)).identify(tier=tier)

    assert world.sent == ["email/hello", "email/bye", "email/hello"]


def test_s14_an_edit_of_the_definition_starts_nothing(shop, plan):
    world = shop(ENTERS)
    world.identify("anna", tier="silver", age=40)

    world.publish(plan(ENTERS.replace('customer.tier is "gold"', "customer.age > 30")))
    after_edit = world.sent, world.is_in("vip", "anna")
    world.identify("anna", age=20)

    assert after_edit == ([], True)
    assert world.sent == ["email/bye"]


def test_s14_an_import_starts_nothing_and_later_changes_do(shop):
    world = shop(ENTERS)
    world.identify(tier="gold", historical=True)
    imported = world.sent, world.is_in("vip")

    world.identify(tier="silver")

    assert imported == ([], True)
    assert world.sent == ["email/bye"]


def test_s14_segments_of_segments_are_entered_when_the_inner_one_is(shop):
    rules = VIP + 'segment far_vip means customer in vip and customer.city is "Omsk"\n'
    world = shop(rules + 'when customer enters far_vip send email "hello"')
    world.identify(city="Omsk")

    world.identify(tier="gold")

    assert world.sent == ["email/hello"]


def test_customer_in_a_segment_is_asked_on_fresh_data_whatever_was_noted(shop):
    world = shop(VIP + 'rule "x" when order_placed only if customer in vip send email "a" wait 1 day send email "b"')
    world.identify(tier="gold")
    world.event("order_placed")

    world.identify(tier="silver")
    world.finish()

    assert world.sent == ["email/a"]


# D16, D18, D19, D20


def test_d16_a_schedule_keeps_to_the_days_on_which_its_rule_is_active(shop):
    rule = 'every day at 9:00 for everyone active from 2026-03-05 until 2026-03-06 send email "digest"'
    world = shop(rule, now="2026-03-02 12:00")
    world.meet()

    world.at("2026-03-12 12:00")

    assert local(world) == ["2026-03-05 09:00", "2026-03-06 09:00"]


def test_d18_people_leave_at_the_instant_the_window_moves_past_the_event(shop):
    world = shop(BORDERS, now="2026-03-02 09:00")
    world.event("order_placed")
    world.at("2026-03-04 10:00").event("order_placed")

    world.at("2026-03-07 08:59")
    before = list(world.sent)
    world.finish()

    assert before == ["email/hello"]
    assert local(world)[1:] == ["2026-03-07 10:00"]


def test_d18_counts_over_a_window_are_left_when_too_few_are_left_in_it(shop):
    rules = "segment keen means count of order_placed in last 3 days >= 2\n"
    world = shop(rules + 'when customer leaves keen send email "bye"', now="2026-03-02 09:00")
    world.event("order_placed")
    world.at("2026-03-03 10:00").event("order_placed")
    world.at("2026-03-03 12:00").event("order_placed")

    world.at("2026-04-01 00:00")

    assert local(world) == ["2026-03-06 10:00"]


def test_d18_days_since_turn_at_the_customers_midnight(shop):
    rules = "segment sleeping means days since last order_placed > 30\n"
    world = shop(rules + 'when customer enters sleeping send email "wake_up"', now="2026-03-02 09:00", timezone=BERLIN)
    world.event("order_placed")

    world.at("2026-06-01 00:00")

    assert local(world, BERLIN) == ["2026-04-02 00:00"]


def test_d18_a_date_enters_and_leaves_a_window_of_days(shop):
    rules = "segment visited means customer.visit_on in last 7 days\n"
    rules += 'when customer enters visited send email "hello"\nwhen customer leaves visited send email "bye"'
    world = shop(rules, now="2026-03-02 09:00", timezone=BERLIN)
    world.identify(visit_on="2026-03-10")

    world.at("2026-06-01 00:00")

    assert local(world, BERLIN) == ["2026-03-10 00:00", "2026-03-17 00:00"]


def test_d19_a_run_without_an_event_has_none_and_its_messages_know_of_none(shop):
    world = shop(MONDAY, now="2026-03-07 12:00")
    world.meet()

    world.at("2026-03-10 00:00")

    [run] = world.runs
    assert (run.event_name, run.event, run.began_at) == ("", {}, world.moment("2026-03-09 09:00"))
    assert world.messages[0].context["event"] == {}


def test_d19_once_per_counts_schedules_by_customer_and_window(shop):
    world = shop('every day at 9:00 for everyone once per 3 days send email "digest"', now="2026-03-02 12:00")
    world.meet()

    world.at("2026-03-10 12:00")

    assert local(world) == ["2026-03-03 09:00", "2026-03-06 09:00", "2026-03-09 09:00"]


def test_d20_what_a_step_sets_is_a_change_and_may_cross_a_border(shop):
    rules = VIP + 'when order_placed set customer.tier to "gold"\n'
    rules += 'when customer enters vip send email "hello"\nwhen customer.tier changes to "gold" send email "gold"'
    world = shop(rules)
    world.identify(tier="silver")

    world.event("order_placed")
    world.event("order_placed")

    assert sorted(world.sent) == ["email/gold", "email/hello"]


def test_d20_rules_that_push_each_other_over_a_border_come_to_an_end(shop):
    rules = VIP + 'when customer enters vip set customer.tier to "silver"\n'
    world = shop(rules + 'when customer leaves vip set customer.tier to "gold"')
    world.identify(tier="gold")

    assert max(run.depth for run in world.runs) == 8
    assert len(world.runs) == 9


# audiences, changes, delays


def test_an_audience_is_read_at_the_moment_of_the_schedule(shop):
    world = shop(VIP + 'every monday at 9:00 for customer in vip send email "digest"', now="2026-03-07 12:00")
    world.meet("anna", tier="gold")
    world.meet("boris", tier="silver")

    world.at("2026-03-09 08:00")
    world.identify("anna", tier="silver")
    world.identify("boris", tier="gold")
    world.at("2026-03-10 00:00")

    assert [each.customer for each in world.messages] == ["boris"]


def test_any_change_of_an_attribute_starts_a_rule_and_the_same_value_does_not(shop):
    world = shop('when customer.city changes send email "moved"')

    for city in ("Riga", "Riga", "Omsk", None):
        world.plus(timedelta(hours=1)).identify(city=city)
    world.plus(timedelta(hours=1)).identify(city="Riga", historical=True)

    assert world.sent == ["email/moved"] * 3


def test_a_delay_counts_from_the_crossing(shop):
    world = shop(ACTIVE + 'when customer leaves active after 2h send email "bye"', now="2026-03-02 09:00")
    world.event("order_placed")

    world.finish()

    assert local(world) == ["2026-03-05 11:00"]


def test_catch_up_makes_up_for_nothing_that_was_past_when_the_rule_was_published(shop, plan):
    rules = 'every monday at 9:00 for everyone catch up within 5h send email "digest"\n'
    rules += 'when 3 days before customer.birthday at 10:00 catch up within 5h send email "cake"'
    world = shop('when registered send email "hello"', now="2026-03-09 11:00")
    world.meet(birthday="1990-03-12")

    world.publish(plan(rules))
    world.at("2026-03-10 00:00")

    assert world.messages == []


def test_who_appears_after_the_hour_gets_no_digest_of_that_day(shop):
    world = shop(MONDAY.replace(" send", " catch up within 5h send"), now="2026-03-09 08:30")

    world.identify(timezone="Asia/Tokyo")
    world.at("2026-03-10 00:00")

    assert world.messages == []
