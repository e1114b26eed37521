"""S7 to S12: lengths of time and wall clocks, in zones with and without daylight saving."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

BERLIN = "Europe/Berlin"  # 2026: gap on 29 March 02:00-03:00, fold on 25 October 02:00-03:00
LORD_HOWE = "Australia/Lord_Howe"  # half an hour: gap on 4 October 02:00-02:30, fold on 5 April 01:30-02:00
KATHMANDU = "Asia/Kathmandu"  # +05:45, no daylight saving
ADELAIDE = "Australia/Adelaide"  # +09:30 / +10:30
NEW_YORK = "America/New_York"  # 2026: gap on 8 March, fold on 1 November
CAIRO = "Africa/Cairo"  # gap at midnight: Friday 24 April 2026 00:00-01:00


def local(world, zone: str) -> list[str]:
    return [f"{message.at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" for message in world.messages]


def send_after(shop, length: str, began: str, zone: str) -> str:
    world = shop(f'when registered after {length} send email "hello"', now=began, timezone=zone)
    world.event("registered")
    world.finish()
    [at] = local(world, zone)
    return at


def send_at(shop, until: str, began: str, zone: str = "UTC") -> str:
    world = shop(f'rule "x" when registered wait until {until} send email "hello"', now=began, timezone=zone)
    world.event("registered")
    world.finish()
    [at] = local(world, zone)
    return at


@pytest.mark.parametrize(
    ("zone", "began", "length", "sent"),
    [
        (BERLIN, "2026-03-28 10:00", "1 day", "2026-03-29 10:00"),
        (BERLIN, "2026-03-28 10:00", "24h", "2026-03-29 11:00"),
        (BERLIN, "2026-10-24 10:00", "1 day", "2026-10-25 10:00"),
        (BERLIN, "2026-10-24 10:00", "24h", "2026-10-25 09:00"),
        (BERLIN, "2026-03-28 10:00", "1 week", "2026-04-04 10:00"),
        (LORD_HOWE, "2026-10-03 10:00", "1 day", "2026-10-04 10:00"),
        (LORD_HOWE, "2026-10-03 10:00", "24h", "2026-10-04 10:30"),
        (ADELAIDE, "2026-04-04 10:00", "24h", "2026-04-05 09:00"),
        (KATHMANDU, "2026-03-28 10:00", "24h", "2026-03-29 10:00"),
        (NEW_YORK, "2026-03-07 10:00", "1 day", "2026-03-08 10:00"),
        (NEW_YORK, "2026-03-07 10:00", "1440 min", "2026-03-08 11:00"),
    ],
)
def test_s07_days_keep_the_wall_time_and_hours_are_exact(shop, zone, began, length, sent):
    assert send_after(shop, length, began, zone) == sent


def test_s08_the_customers_zone_comes_before_the_workspaces(shop):
    world = shop('rule "x" when registered wait until 10:00 send email "hello"', timezone="Europe/Moscow")
    world.identify("anna", timezone="Asia/Yekaterinburg")

    world.event("registered", of="anna")
    world.event("registered", of="boris")
    world.finish()

    assert {message.customer: message.at.hour for message in world.messages} == {"boris": 7, "anna": 5 + 24 - 24}


def test_s08_the_rules_own_zone_comes_first(shop):
    world = shop('rule "x" when registered timezone "Asia/Tokyo" wait until 10:00 send email "hello"')
    world.identify(timezone=NEW_YORK)

    world.event("registered")
    world.finish()

    assert local(world, "Asia/Tokyo") == ["2026-03-03 10:00"]


def test_s08_a_change_of_zone_recomputes_waits_by_the_wall_clock(shop):
    world = shop('rule "x" when registered wait until 18:00 send email "hello"', timezone="Europe/Moscow")

    world.at("10:00").event("registered")
    world.at("11:00").identify(timezone="Asia/Vladivostok")
    world.finish()

    assert local(world, "Asia/Vladivostok") == ["2026-03-02 18:00"]


def test_s08_a_new_wall_time_that_has_passed_is_due_at_once(shop):
    world = shop('rule "x" when registered wait until 18:00 send email "hello"', timezone="Europe/Moscow")

    world.at("10:00").event("registered")
    world.at("14:00").identify(timezone="Asia/Vladivostok")

    assert local(world, "Europe/Moscow") == ["2026-03-02 14:00"]


def test_s08_a_change_of_zone_leaves_exact_waits_alone(shop):
    world = shop('rule "x" when registered after 20h wait 3h send email "hello"', timezone="Europe/Moscow")

    world.at("10:00").event("registered")
    world.at("11:00").identify(timezone="Asia/Vladivostok")
    world.finish()

    assert local(world, "Europe/Moscow") == ["2026-03-03 09:00"]


def test_s08_a_change_of_zone_moves_a_delay_in_days(shop):
    world = shop('when registered after 1 day send email "hello"', timezone=BERLIN, now="2026-03-28 10:00")

    world.event("registered")
    world.plus(timedelta(hours=1)).identify(timezone=KATHMANDU)
    world.finish()

    assert local(world, BERLIN) == ["2026-03-29 11:00"]


@pytest.mark.parametrize(
    ("zone", "began", "clock", "sent"),
    [
        (BERLIN, "2026-03-29 00:30", "2:30", "2026-03-29T01:00:00+00:00"),
        (LORD_HOWE, "2026-10-04 00:30", "2:15", "2026-10-03T15:30:00+00:00"),
        (NEW_YORK, "2026-03-08 00:30", "2:30", "2026-03-08T07:00:00+00:00"),
        (CAIRO, "2026-04-23 12:00", "0:30", "2026-04-23T22:00:00+00:00"),
        (ADELAIDE, "2026-10-04 00:30", "2:01", "2026-10-03T16:30:00+00:00"),
    ],
)
def test_s09_a_wall_time_in_a_gap_is_the_first_instant_after_it(shop, zone, began, clock, sent):
    world = shop(f'rule "x" when registered wait until {clock} send email "hello"', now=began, timezone=zone)

    world.event("registered")
    world.finish()

    [message] = world.messages
    assert message.at.isoformat() == sent


@pytest.mark.parametrize(
    ("zone", "began", "clock", "sent"),
    [
        (BERLIN, "2026-10-25 00:30", "2:30", "2026-10-25T00:30:00+00:00"),
        (LORD_HOWE, "2026-04-05 00:30", "1:45", "2026-04-04T14:45:00+00:00"),
        (NEW_YORK, "2026-11-01 00:15", "1:30", "2026-11-01T05:30:00+00:00"),
    ],
)
def test_s09_a_wall_time_that_comes_twice_is_the_first_of_the_two_once(shop, zone, began, clock, sent):
    world = shop(f'rule "x" when registered wait until {clock} send email "hello"', now=began, timezone=zone)

    world.event("registered")
    world.finish()

    [message] = world.messages
    assert message.at.isoformat() == sent


def test_s09_from_between_the_two_the_next_is_tomorrows(shop):
    world = shop('rule "x" when registered wait until 2:30 send email "hello"', timezone=BERLIN, now="2026-10-25 00:10")

    world.at(datetime(2026, 10, 25, 0, 45, tzinfo=UTC)).event("registered")
    world.finish()

    assert local(world, BERLIN) == ["2026-10-26 02:30"]


@pytest.mark.parametrize(
    ("months", "sent"), [(1, "2026-02-28"), (2, "2026-03-31"), (3, "2026-04-30"), (13, "2027-02-28")]
)
def test_s10_months_count_from_the_original_date_and_are_clamped(shop, months, sent):
    assert send_after(shop, f"{months} months", "2026-01-31 10:00", "Europe/Moscow") == f"{sent} 10:00"


def test_s10_months_after_start_do_not_drift(shop):
    world = shop(
        """
rule "monthly"
  when registered
  wait until 1 month after start at 10:00
  send email "one"
  wait until 2 months after start at 10:00
  send email "two"
  wait until 3 months after start at 10:00
  send email "three"
""",
        now="2026-01-31 10:00",
    )

    world.event("registered")
    world.finish()

    assert local(world, "UTC") == ["2026-02-28 10:00", "2026-03-31 10:00", "2026-04-30 10:00"]


@pytest.mark.parametrize(
    ("leap_day", "now", "sent"),
    [
        ("28 february", "2027-01-01 10:00", "2027-02-25 10:00"),
        ("1 march", "2027-01-01 10:00", "2027-02-26 10:00"),
        ("28 february", "2028-01-01 10:00", "2028-02-26 10:00"),
        ("1 march", "2028-01-01 10:00", "2028-02-26 10:00"),
    ],
)
def test_s11_a_29_february_moves_in_common_years_and_then_the_days_are_subtracted(shop, leap_day, now, sent):
    world = shop(
        'rule "x" when registered wait until 3 days before customer.birthday at 10:00 send email "hello"',
        now=now,
        settings={"leap_day": leap_day},
    )
    world.identify(birthday="1992-02-29")

    world.event("registered")
    world.finish()

    assert local(world, "UTC") == [sent]


def test_s11_a_year_from_29_february_is_28_february(shop):
    assert send_after(shop, "1 year", "2028-02-29 10:00", "Europe/Moscow") == "2029-02-28 10:00"


def test_s12_an_anniversary_that_has_passed_is_next_years(shop):
    world = shop(
        'rule "x" when registered wait until 3 days before customer.birthday at 10:00 send email "hello"',
        now="2026-03-02 09:00",
    )
    world.identify(birthday="1990-03-04")

    world.event("registered")
    world.finish()

    assert local(world, "UTC") == ["2027-03-01 10:00"]


VISIT = 'rule "x" when registered wait until 1 day before customer.visit_on at 10:00 send email "hello"'


@pytest.mark.parametrize("changed, sent", [("2026-03-20", "2026-03-19 10:00"), ("2026-03-07", "2026-03-06 10:00")])
def test_s12_a_date_that_changes_during_the_wait_moves_the_wait(shop, changed, sent):
    world = shop(VISIT, now="2026-03-02 09:00")
    world.identify(visit_on="2026-03-10")
    world.event("registered")

    world.at("2026-03-05 12:00").identify(visit_on=changed)
    world.finish()

    assert local(world, "UTC") == [sent]


def test_s12_a_date_that_is_changed_to_one_already_past_is_skipped_and_not_sent_late(shop):
    world = shop(VISIT, now="2026-03-02 09:00")
    world.identify(visit_on="2026-03-10")
    world.event("registered")

    world.at("2026-03-05 12:00").identify(visit_on="2026-03-06")
    world.finish()

    assert world.sent == []
    assert [run.end_reason for run in world.runs] == ["moment past"]


def test_s12_or_now_makes_up_for_a_date_already_past(shop):
    world = shop(VISIT.replace("10:00", "10:00 or now"), now="2026-03-02 09:00")
    world.identify(visit_on="2026-03-10")
    world.event("registered")

    world.at("2026-03-05 12:00").identify(visit_on="2026-03-06")
    world.finish()

    assert local(world, "UTC") == ["2026-03-05 12:00"]


def test_s12_a_date_that_is_taken_back_ends_the_wait(shop):
    world = shop(VISIT, now="2026-03-02 09:00")
    world.identify(visit_on="2026-03-10")
    world.event("registered")

    world.identify(visit_on=None)
    world.finish()

    assert [run.end_reason for run in world.runs] == ["moment unknown"]


def test_s12_other_attributes_leave_the_wait_alone(shop):
    world = shop(VISIT, now="2026-03-02 09:00")
    world.identify(visit_on="2026-03-10")
    world.event("registered")

    world.at("2026-03-09 11:00").identify(city="Riga")
    world.finish()

    assert local(world, "UTC") == ["2026-03-09 10:00"]
