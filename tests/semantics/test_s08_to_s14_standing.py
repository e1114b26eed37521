"""S8 to S14, D16, D18 and D19: dates, schedules, silence, segments, by virtual time."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

BERLIN, NEW_YORK, TOKYO = "Europe/Berlin", "America/New_York", "Asia/Tokyo"
MONDAY = 'every monday at 9:00 for everyone send email "digest"'
BIRTHDAY = 'when 3 days before customer.birthday at 10:00 send email "cake"'
VIP = 'segment vip means customer.tier is "gold"\n'
ENTERS = VIP + 'when customer enters vip send email "hello"\nwhen customer leaves vip send email "bye"'
ACTIVE = "segment active means order_placed in last 3 days\n"
BORDERS = ACTIVE + 'when customer enters active send email "hello"\nwhen customer leaves active send email "bye"'
SILENT = 'when no order_placed for 30 days send email "miss_you"'


def local(world, zone: str = "UTC") -> list[str]:
    return [f"{message.at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" for message in world.messages]


# S8


def test_s08_a_schedule_comes_at_each_customers_own_hour(shop):
    world = shop(MONDAY, now="2026-03-07 12:00")
    world.meet("anna", timezone=BERLIN)
    world.meet("emi", timezone=TOKYO)
    world.meet("nobody")

    world.at("2026-03-10 00:00")

    assert [(each.customer, f"{each.at:%d %H:%M}") for each in world.messages] == [
        ("emi", "09 00:00"),
        ("anna", "09 08:00"),
        ("nobody", "09 09:00"),
    ]


def test_s08_a_rules_own_zone_comes_before_the_customers(shop):
    world = shop(MONDAY.replace(" send", f' timezone "{NEW_YORK}" send'), now="2026-03-07 12:00")
    world.meet("emi", timezone=TOKYO)

    world.at("2026-03-10 00:00")

    assert local(world, NEW_YORK) == ["2026-03-09 09:00"]


def test_s08_who_moves_gets_the_schedule_by_the_new_clock_and_never_twice_a_day(shop):
    world = shop(MONDAY, now="2026-03-07 12:00")
    world.meet("emi", timezone=TOKYO)
    world.at("2026-03-09 01:00")  # 10:00 in Tokyo: it has come

    world.identify("emi", timezone=BERLIN)
    world.at("2026-03-17 00:00")

    assert local(world) == ["2026-03-09 00:00", "2026-03-16 08:00"]


def test_s08_who_moves_past_the_hour_gets_what_was_waited_for_at_once(shop):
    world = shop(MONDAY, now="2026-03-07 12:00")
    world.meet("anna", timezone=NEW_YORK)

    world.at("2026-03-09 10:00")  # 6:00 in New York, 11:00 in Berlin
    world.identify("anna", timezone=BERLIN)
    world.at("2026-03-10 00:00")

    assert local(world) == ["2026-03-09 10:00"]


# S9


@pytest.mark.parametrize(
    ("time", "now", "sent"),
    [
        ("2:30", "2026-03-28 12:00", "2026-03-29 03:00"),  # the gap: the first instant after it
        ("2:30", "2026-10-24 12:00", "2026-10-25 02:30"),  # the fold: the first of the two, once
        ("0:00", "2026-03-28 12:00", "2026-03-29 00:00"),
    ],
)
def test_s09_schedules_and_daylight_saving(shop, time, now, sent):
    world = shop(f'every sunday at {time} for everyone send email "digest"', now=now, timezone=BERLIN)
    world.meet()

    world.plus(timedelta(days=2))

    assert local(world, BERLIN) == [sent]


# S10


def test_s10_a_day_that_a_month_does_not_have_is_its_last(shop):
    world = shop('every month on 31 at 9:00 for everyone send email "digest"', now="2026-01-15 12:00")
    world.meet()

    world.at("2026-05-15 00:00")

    assert local(world) == ["2026-01-31 09:00", "2026-02-28 09:00", "2026-03-31 09:00", "2026-04-30 09:00"]


def test_s10_the_last_day_of_each_month(shop):
    world = shop('every month on last day at 9:00 for everyone send email "digest"', now="2028-01-15 12:00")
    world.meet()

    world.at("2028-04-15 00:00")

    assert local(world) == ["2028-01-31 09:00", "2028-02-29 09:00", "2028-03-31 09:00"]


def test_every_two_weeks_is_counted_from_a_monday_that_all_share(shop):
    world = shop('every 2 weeks on monday, thursday at 9:00 for everyone send email "digest"', now="2026-03-01 12:00")
    world.meet("anna")
    world.at("2026-03-07 12:00")
    world.meet("late")

    world.at("2026-03-28 12:00")

    days = sorted(f"{each.at:%d} {each.customer}" for each in world.messages)
    assert days == [f"{day} {name}" for day in ("09", "12", "23", "26") for name in ("anna", "late")]


def test_once_on_a_date(shop):
    world = shop('on 2026-12-31 at 10:00 for everyone send email "party"', now="2026-12-30 12:00", timezone=BERLIN)
    world.meet()

    world.at("2027-12-31 12:00")

    assert local(world, BERLIN) == ["2026-12-31 10:00"]


# S11


@pytest.mark.parametrize(
    ("leap_day", "days"),
    [
        ("28 february", ["2027-02-25", "2028-02-26", "2029-02-25"]),
        ("1 march", ["2027-02-26", "2028-02-26", "2029-02-26"]),
    ],
)
def test_s11_who_was_born_on_29_february_has_a_birthday_every_year(shop, leap_day, days):
    world = shop(BIRTHDAY, now="2026-06-01 12:00", settings={"leap_day": leap_day})
    world.meet(birthday="1996-02-29")

    world.at("2029-06-01 12:00")

    assert local(world) == [f"{day} 10:00" for day in days]


def test_s11_every_year_on_29_february_comes_on_the_28th(shop):
    world = shop('every year on 29 february at 9:00 for everyone send email "leap"', now="2026-06-01 12:00")
    world.meet()

    world.at("2028-06-01 12:00")

    assert local(world) == ["2027-02-28 09:00", "2028-02-29 09:00"]


# S12


def test_s12_a_date_that_was_changed_moves_the_message(shop):
    world = shop('when 2 days before customer.visit_on at 10:00 send email "visit"', now="2026-03-02 09:00")
    world.identify(visit_on="2026-03-10")
    world.at("2026-03-05 00:00")

    world.identify(visit_on="2026-03-20")
    world.at("2026-04-01 00:00")

    assert local(world) == ["2026-03-18 10:00"]


def test_s12_a_date_that_is_taken_back_sends_nothing(shop):
    world = shop('when 2 days before customer.visit_on at 10:00 send email "visit"', now="2026-03-02 09:00")
    world.identify(visit_on="2026-03-10")

    world.identify(visit_on=None)
    world.at("2026-04-01 00:00")

    assert world.messages == []


def test_s12_a_moment_that_is_past_when_the_date_is_told_is_skipped(shop):
    world = shop('when 2 days before customer.visit_on at 10:00 send email "visit"', now="2026-03-02 11:00")
    world.identify(visit_on="2026-03-04")

    world.at("2026-04-01 00:00")

    assert world.messages == []


@pytest.mark.parametrize(("hour", "sent"), [("21:59", ["2026-03-02 21:59"]), ("22:01", [])])
def test_s12_catch_up_makes_up_for_a_moment_that_is_not_long_past(shop, hour, sent):
    rule = 'when 2 days before customer.visit_on at 10:00 catch up within 12h send email "visit"'
    world = shop(rule, now=f"2026-03-02 {hour}")

    world.identify(visit_on="2026-03-04")
    world.identify(visit_on="2026-03-04", city="Riga")
    world.at("2026-04-01 00:00")

    assert local(world) == sent


def test_a_date_trigger_follows_a_moment_on_the_customers_clock(shop):
    world = shop('when 1 day before customer.last_visit at 10:00 send email "visit"', timezone=NEW_YORK)
    world.identify(last_visit="2026-03-10T02:00:00Z")  # the evening of the 9th in New York

    world.at("2026-04-01 00:00")

    assert local(world, NEW_YORK) == ["2026-03-08 10:00"]


# S13


def test_s13_silence_is_counted_from_the_newest_event_and_comes_once(shop):
    world = shop(SILENT, now="2026-03-01 10:00")
    world.event("order_placed")
    world.at("2026-03-20 10:00").event("order_placed")
    world.at("2026-08-01 10:00").event("order_placed")

    world.at("2026-12-31 10:00")

    assert local(world) == ["2026-04-19 10:00", "2026-08-31 10:00"]


def test_s13_who_never_did_it_is_not_silent(shop):
    world = shop(SILENT, now="2026-03-01 10:00")
    world.event("registered")

    world.at("2026-12-31 10:00")

    assert world.messages == []


def test_s13_nobody_is_swept_in_when_the_rule_is_published(shop, plan):
    world = shop('when registered send email "hello"', now="2026-03-01 10:00")
    world.event("order_placed", of="old", happened="2026-01-15 10:00", historical=True)
    world.event("order_placed", of="young", happened="2026-02-15 10:00", historical=True)

    world.publish(plan(SILENT))
    world.at("2026-12-31 10:00")

    assert [(each.customer, f"{each.at:%m-%d}") for each in world.messages] == [("young", "03-17")]


def test_s13_a_late_event_moves_the_mark_by_its_own_time(shop):
    world = shop(SILENT, now="2026-03-01 10:00")
    world.event("order_placed")
    world.at("2026-03-12 10:00").event("order_placed", happened="2026-03-10 10:00")
    world.event("order_placed", happened="2026-03-05 10:00")

    world.at("2026-12-31 10:00")

    assert local(world) == ["2026-04-09 10:00"]


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

    world.identify(timezone=TOKYO)
    world.at("2026-03-10 00:00")

    assert world.messages == []
