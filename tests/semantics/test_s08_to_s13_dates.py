"""S8 to S13: dates, schedules and silence, by virtual time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.semantics.told import MONDAY, local

BERLIN, NEW_YORK, TOKYO = "Europe/Berlin", "America/New_York", "Asia/Tokyo"
BIRTHDAY = 'when 3 days before customer.birthday at 10:00 send email "cake"'
SILENT = 'when no order_placed for 30 days send email "miss_you"'


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
