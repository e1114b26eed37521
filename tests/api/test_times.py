from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from api.ingest.times import UnreadableTime, corrected, moment

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)

READABLE = [
    "2026-01-05T12:00:00Z",
    "2026-01-05T12:00:00.000Z",
    "2026-01-05T15:00:00+03:00",
    "2026-01-05T12:00:00",
    "2026-01-05 12:00:00",
    "20260105T120000Z",
    1767614400,
    1767614400.0,
    1767614400000,
    "1767614400",
    "1767614400000",
]


@pytest.mark.parametrize("value", READABLE)
def test_a_time_is_read_in_all_the_ways_clients_write_it(value: object) -> None:
    assert moment(value) == NOON


UNREADABLE = [
    "",
    "yesterday",
    "2026-13-01",
    None,
    True,
    [],
    {},
    10**30,
    "9" * 40,
    -(10.0**15),
    "2026-01-05T12:00:00+99:00",
]


@pytest.mark.parametrize("value", UNREADABLE, ids=repr)
def test_what_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(UnreadableTime):
        corrected(moment(value), sent_at=None, received_at=NOON)


def test_a_clock_that_is_fast_or_slow_is_corrected_by_the_time_of_sending() -> None:
    happened, sent = NOON + timedelta(hours=2), NOON + timedelta(hours=2, minutes=1)

    assert corrected(happened, sent_at=sent, received_at=NOON) == NOON - timedelta(minutes=1)


def test_a_time_is_never_after_its_arrival() -> None:
    assert corrected(NOON + timedelta(days=1), sent_at=None, received_at=NOON) == NOON
