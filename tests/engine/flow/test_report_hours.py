"""Which whole hours and which parts of hours make up a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from engine.flow.telling.report_hours import hours_between

HOUR = timedelta(hours=1)
TIMES = st.integers(0, 4 * 24 * 3600).map(lambda second: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second))


@given(since=TIMES, until=TIMES, at=TIMES)
def test_each_moment_counts_once_within_the_time_and_not_at_all_outside(since: datetime, until: datetime, at: datetime):
    since, until = sorted((since, until))

    hours = hours_between(since, until)

    days_from, days_to = hours.days
    known = (
        (days_from <= at < days_to) + (hours.first <= at < min(days_from, hours.last)) + (days_to <= at < hours.last)
        if days_from < days_to
        else int(hours.first <= at < hours.last)
    )
    counted = sum(part.sign for part in hours.parts if part.since <= at < part.until)
    assert known + counted == (since <= at < until)


@given(since=TIMES, until=TIMES)
def test_at_most_half_an_hour_is_counted_at_each_end(since: datetime, until: datetime):
    since, until = sorted((since, until))

    hours = hours_between(since, until)

    assert len(hours.parts) <= 2
    assert all(timedelta(0) < part.until - part.since <= HOUR / 2 for part in hours.parts)
    assert hours.first == hours.first.replace(minute=0, second=0, microsecond=0)
    assert all(day.hour == 0 or day == hours.last for day in hours.days)


def test_the_last_hour_of_the_calendar_is_no_stumbling_block():
    end = datetime.max.replace(tzinfo=UTC)

    hours = hours_between(end - timedelta(days=3), end)

    assert hours.last < end
