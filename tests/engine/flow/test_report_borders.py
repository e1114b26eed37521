"""Which days, hours, quarters of hours and parts of quarters make up a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.flow.telling.report_borders import DAY, HOUR, QUARTER, borders_between

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
TIMES = st.integers(0, 4 * 24 * 3600).map(lambda second: BEGIN + timedelta(seconds=second))
WHOLE_HOURS = st.integers(0, 4 * 24).map(lambda hour: BEGIN + timedelta(hours=hour))


@given(since=TIMES, until=TIMES, at=TIMES, quarters_since=st.none() | WHOLE_HOURS)
def test_each_moment_counts_once_within_the_time_and_not_at_all_outside(
    since: datetime, until: datetime, at: datetime, quarters_since: datetime | None
):
    since, until = sorted((since, until))

    borders = borders_between(since, until, quarters_since)

    known = sum(stretch.since <= at < stretch.until for stretch in borders.stretches)
    counted = sum(part.sign for part in borders.parts if part.since <= at < part.until)
    assert known + counted == (since <= at < until)


@given(since=TIMES, until=TIMES)
def test_at_most_half_a_quarter_is_counted_at_each_end(since: datetime, until: datetime):
    since, until = sorted((since, until))

    borders = borders_between(since, until)

    assert len(borders.parts) <= 2
    assert all(timedelta(0) < part.until - part.since <= QUARTER / 2 for part in borders.parts)
    assert borders.stretches[0].since <= borders.stretches[-1].until


@given(since=TIMES, until=TIMES, quarters_since=WHOLE_HOURS)
def test_quarters_that_do_not_know_all_are_not_asked(since: datetime, until: datetime, quarters_since: datetime):
    since, until = sorted((since, until))

    borders = borders_between(since, until, quarters_since)

    asked = [each.since for each in borders.stretches if each.grain == "quarter" and each.since < each.until]
    assert all(begin >= quarters_since for begin in asked)
    assert all(part.until - part.since <= HOUR / 2 for part in borders.parts)


@given(since=TIMES, until=TIMES)
def test_each_stretch_is_of_whole_ones_of_its_length_and_as_few_as_can_be(since: datetime, until: datetime):
    since, until = sorted((since, until))

    borders = borders_between(since, until)

    lengths = {"quarter": QUARTER, "hour": HOUR, "day": DAY}
    days = [each for each in borders.stretches if each.grain == "day"]
    for grain, begin, end in borders.stretches:
        assert begin == end or (begin - BEGIN) % lengths[grain] == (end - BEGIN) % lengths[grain] == timedelta(0)
        assert grain == "day" or end - begin < 2 * DAY
    assert days[0].until - days[0].since > until - since - 2 * DAY - QUARTER


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu", "Australia/Eucla", "America/St_Johns"])
def test_whole_days_of_any_time_zone_need_no_counting(zone: str):
    since = datetime(2026, 3, 1, tzinfo=ZoneInfo(zone))

    borders = borders_between(since, since + timedelta(days=40))

    assert borders.parts == ()


def test_the_last_hour_of_the_calendar_is_no_stumbling_block():
    end = datetime.max.replace(tzinfo=UTC)

    borders = borders_between(end - timedelta(days=3), end)

    assert borders.stretches[-1].until < end


def test_the_first_hour_of_the_calendar_is_none_either():
    begin = datetime.min.replace(tzinfo=UTC)

    assert borders_between(begin, begin + timedelta(days=3)).parts == ()
