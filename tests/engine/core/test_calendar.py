"""Calendar arithmetic over random zones, days and lengths."""
# ruff: noqa: DTZ001  (wall times are naive: the zone is what is tested)

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.plan import Length
from engine.core import calendar

ZONES = [
    "UTC", "Europe/Berlin", "Europe/Moscow", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
    "America/St_Johns", "Africa/Cairo", "Pacific/Apia", "Africa/Casablanca", "Pacific/Chatham", "America/Santiago",
]  # fmt: skip
zones = st.sampled_from(ZONES).map(ZoneInfo)
instants = st.datetimes(datetime(2005, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))
walls = st.datetimes(datetime(2005, 1, 1), datetime(2035, 1, 1)).map(lambda wall: wall.replace(microsecond=0))
calendar_lengths = st.builds(Length, st.integers(0, 500), st.sampled_from(["day", "week", "month"]))
clocks = st.builds(time, st.integers(0, 23), st.integers(0, 59))


def wall_of(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


@settings(deadline=None)
@given(walls, zones)
def test_a_wall_time_becomes_the_first_instant_that_shows_it_or_passes_it(wall, zone):
    instant = calendar.resolve(wall, zone)

    assert wall_of(instant, zone) >= wall
    assert wall_of(instant - timedelta(seconds=1), zone) < wall
    repeated = [instant - timedelta(minutes=minutes) for minutes in (30, 60, 120)]
    assert wall not in [wall_of(earlier, zone) for earlier in repeated]


def turns_of(zone: ZoneInfo) -> list[datetime]:
    """The minutes at which its clocks are turned, from 2005 to 2034."""
    days = [datetime(2005, 1, 1, tzinfo=UTC) + timedelta(days=number) for number in range(30 * 365)]
    return [_turn(day, zone) for day in days if _offset(day, zone) != _offset(day + timedelta(days=1), zone)]


def _turn(day: datetime, zone: ZoneInfo) -> datetime:
    minutes = [day + timedelta(minutes=number) for number in range(24 * 60 + 1)]
    return minutes[bisect_left(minutes, True, key=lambda minute: _offset(minute, zone) != _offset(day, zone))]


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


@pytest.mark.parametrize("name", ZONES)
def test_around_every_turn_of_the_clocks_a_wall_time_is_the_first_instant_that_shows_it_or_passes_it(name):
    zone = ZoneInfo(name)
    turns = turns_of(zone)
    for turn in turns:
        jump = abs(_offset(turn, zone) - _offset(turn - timedelta(minutes=1), zone))
        span = int(jump / timedelta(minutes=1)) + 120
        shown = [turn + timedelta(minutes=number) for number in range(-2 * span, 2 * span)]
        latest = list(accumulate((wall_of(instant, zone) for instant in shown), max))
        for number in range(-span, span, 10):
            wall = wall_of(turn, zone) + timedelta(minutes=number)

            assert calendar.resolve(wall, zone) == shown[bisect_left(latest, wall)], wall
    assert turns or name in ("UTC", "Asia/Kathmandu")


@settings(deadline=None)
@given(instants, zones, calendar_lengths)
def test_days_weeks_and_months_keep_the_wall_time_unless_a_gap_swallows_it(moment, zone, length):
    added = calendar.add(moment, length, zone)

    expected = datetime.combine(calendar.shift(wall_of(moment, zone).date(), length), wall_of(moment, zone).time())
    assert added == calendar.resolve(expected, zone)


@given(instants, zones, st.integers(0, 10**6), st.sampled_from([("second", 1), ("minute", 60), ("hour", 3600)]))
def test_seconds_minutes_and_hours_are_exact(moment, zone, amount, unit):
    name, seconds = unit

    assert calendar.add(moment, Length(amount, name), zone) - moment == timedelta(seconds=amount * seconds)


@settings(deadline=None)
@given(instants, clocks, zones, st.lists(st.integers(1, 7), unique=True, max_size=3), st.booleans())
def test_the_next_clock_time_is_the_first_ahead_on_one_of_its_days(after, at, zone, weekdays, tomorrow):
    instant = calendar.next_clock(after, at, zone, weekdays=tuple(weekdays), tomorrow=tomorrow)

    today = wall_of(after, zone).date()
    days = [today + timedelta(days=number) for number in range(1 if tomorrow else 0, 10)]
    fitting = [day for day in days if not weekdays or day.isoweekday() in weekdays]
    assert instant == next(
        each for day in fitting if (each := calendar.resolve(datetime.combine(day, at), zone)) > after
    )


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)), st.integers(0, 2000))
def test_months_are_clamped_to_the_end_and_never_overflow(day, months):
    shifted = calendar.shift(day, Length(months, "month"))

    assert (shifted.year * 12 + shifted.month) - (day.year * 12 + day.month) == months
    assert shifted.day == day.day or (shifted.day < day.day and (shifted + timedelta(days=1)).day == 1)


@pytest.mark.parametrize("length", [Length(10**9, "year"), Length(10**12, "second"), Length(10**9, "day")])
@pytest.mark.parametrize("sign", [1, -1])
def test_beyond_the_calendar_there_is_an_end(length, sign):
    end = calendar.add(datetime(2026, 3, 2, tzinfo=UTC), length, ZoneInfo("Asia/Tokyo"), sign=sign)

    assert end == (calendar.FAR if sign > 0 else calendar.LONG_AGO)


def test_a_day_that_was_skipped_altogether_ends_where_the_next_begins():
    apia = ZoneInfo("Pacific/Apia")  # there was no 30 December 2011

    instant = calendar.resolve(datetime(2011, 12, 30, 10), apia)

    assert wall_of(instant, apia) == datetime(2011, 12, 31)
