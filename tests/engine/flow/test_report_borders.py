"""Which days, hours, quarters of hours and parts of quarters make up a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.flow.telling.report_borders import DAY, HOUR, QUARTER, borders_between

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
TIMES = st.integers(0, 4 * 24 * 3600).map(lambda second: BEGIN + timedelta(seconds=second))


@given(since=TIMES, until=TIMES, at=TIMES)
def test_each_moment_counts_once_within_the_time_and_not_at_all_outside(since: datetime, until: datetime, at: datetime):
    since, until = sorted((since, until))

    borders = borders_between(since, until)

    known = sum(begin <= at < end for begin, end in pairwise(borders.all))
    counted = sum(part.sign for part in borders.parts if part.since <= at < part.until)
    assert known + counted == (since <= at < until)


@given(since=TIMES, until=TIMES)
def test_at_most_half_a_quarter_is_counted_at_each_end(since: datetime, until: datetime):
    since, until = sorted((since, until))

    borders = borders_between(since, until)

    assert len(borders.parts) <= 2
    assert all(timedelta(0) < part.until - part.since <= QUARTER / 2 for part in borders.parts)
    assert borders.first <= borders.last


@given(since=TIMES, until=TIMES)
def test_each_stretch_is_of_whole_ones_of_its_length_and_as_few_as_can_be(since: datetime, until: datetime):
    since, until = sorted((since, until))

    borders = borders_between(since, until)

    stretches = dict(enumerate(pairwise(borders.all)))
    for place, length in ((0, QUARTER), (1, HOUR), (2, DAY), (3, HOUR), (4, QUARTER)):
        begin, end = stretches[place]
        assert begin == end or (begin - BEGIN) % length == (end - BEGIN) % length == timedelta(0)
        assert length == DAY or end - begin < 2 * DAY
    assert borders.last_day - borders.first_day > until - since - 2 * DAY - QUARTER


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu", "Australia/Eucla", "America/St_Johns"])
def test_whole_days_of_any_time_zone_need_no_counting(zone: str):
    since = datetime(2026, 3, 1, tzinfo=ZoneInfo(zone))

    borders = borders_between(since, since + timedelta(days=40))

    assert borders.parts == ()


def test_the_last_hour_of_the_calendar_is_no_stumbling_block():
    end = datetime.max.replace(tzinfo=UTC)

    borders = borders_between(end - timedelta(days=3), end)

    assert borders.last < end


def test_the_first_hour_of_the_calendar_is_none_either():
    begin = datetime.min.replace(tzinfo=UTC)

    assert borders_between(begin, begin + timedelta(days=3)).parts == ()
