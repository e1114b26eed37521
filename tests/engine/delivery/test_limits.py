"""Quiet hours and caps are functions of facts and time: the nights of clock changes, and any history."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl.plan import Cap, Length, QuietHours, Unit
from engine.core.guards import Counted, MessageFacts
from engine.core.guards.cap import check_caps
from engine.core.guards.quiet_hours import end_of_quiet
from engine.core.limits import NO_LIMITS, CountedCap, Limits

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def berlin(text: str, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold)


@pytest.mark.parametrize(
    ("hours", "now", "end"),
    [
        pytest.param(("22:00", "09:00"), berlin("2026-03-28 23:00"), berlin("2026-03-29 09:00"), id="spring"),
        pytest.param(("22:00", "02:30"), berlin("2026-03-28 23:00"), berlin("2026-03-29 03:00"), id="end in the gap"),
        pytest.param(("02:30", "05:00"), berlin("2026-03-29 03:00"), berlin("2026-03-29 05:00"), id="start in the gap"),
        pytest.param(("22:00", "02:30"), berlin("2026-10-25 02:10"), berlin("2026-10-25 02:30"), id="the hour twice"),
        pytest.param(
            ("22:00", "02:30"),
            berlin("2026-10-25 02:10", fold=1),
            berlin("2026-10-25 02:10", fold=1),
            id="they end the first time",
        ),
        pytest.param(("13:00", "15:00"), berlin("2026-03-02 14:59"), berlin("2026-03-02 15:00"), id="within a day"),
        pytest.param(("13:00", "15:00"), berlin("2026-03-02 15:00"), berlin("2026-03-02 15:00"), id="at their end"),
    ],
)
def test_quiet_hours_end_on_the_customers_clock(hours: tuple[str, str], now: datetime, end: datetime):
    found = end_of_quiet([QuietHours(start=hours[0], end=hours[1])], now.astimezone(UTC), BERLIN)

    assert found is not None
    assert found.astimezone(UTC) == end.astimezone(UTC)


def test_quiet_hours_that_follow_each_other_are_waited_out_together():
    hours = [QuietHours(start="22:00", end="07:00"), QuietHours(start="06:30", end="10:00")]

    assert end_of_quiet(hours, berlin("2026-03-02 23:00"), BERLIN) == berlin("2026-03-03 10:00")


def test_quiet_hours_all_day_have_no_end():
    hours = [QuietHours(start="22:00", end="10:00"), QuietHours(start="09:00", end="23:00")]

    assert end_of_quiet(hours, MONDAY, BERLIN) is None


def test_limits_survive_their_row():
    limits = Limits(
        priority=3,
        zone="Asia/Tokyo",
        quiet_hours=QuietHours(start="22:00", end="09:00"),
        caps=(Cap(limit=2, channel="sms", per=Length(7, "day"), line=4),),
        has_other_way=True,
    )

    assert Limits.from_json(limits.as_json()) == limits
    assert (NO_LIMITS.as_json(), Limits.from_json(None)) == ({}, NO_LIMITS)


UNITS: tuple[Unit, ...] = ("minute", "hour", "day", "week", "month")
CAPS = st.builds(
    CountedCap,
    limit=st.integers(1, 3),
    per=st.builds(Length, st.integers(1, 3), st.sampled_from(UNITS)),
    channel=st.sampled_from([None, "email", "sms"]),
    topic=st.sampled_from([None, "news"]),
    rule=st.sampled_from([None, "a"]),
    defers=st.booleans(),
)
TRIES = st.lists(
    st.tuples(
        st.integers(0, 90 * 24 * 60),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["email", "sms"]),
        st.sampled_from([None, "news"]),
    ),
    max_size=40,
)
ZONES = st.sampled_from([ZoneInfo("UTC"), BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")])


@given(caps=st.lists(CAPS, min_size=1, max_size=3), tries=TRIES, zone=ZONES)
def test_no_history_breaks_a_cap(caps: list[CountedCap], tries: list[tuple[int, str, str, str | None]], zone: ZoneInfo):
    sent: list[Counted] = []
    for minutes, rule, channel, topic in sorted(tries, key=lambda each: each[0]):
        now = MONDAY + timedelta(minutes=minutes)
        mine = tuple(cap for cap in caps if cap.rule in (None, rule))
        facts = MessageFacts(
            channel=channel, address="x", transactional=False, topic=topic, zone=zone, caps=mine, counted=tuple(sent)
        )
        block = check_caps(facts, now)
        if block is None:
            sent.append(Counted(at=now, rule=rule, channel=channel, topic=topic, transactional=False))
        elif block.retry_at is not None:
            assert block.retry_at > now

    for cap in caps:
        times = [
            each.at
            for each in sent
            if cap.rule in (None, each.rule) and cap.channel in (None, each.channel) and cap.topic in (None, each.topic)
        ]
        assert most_in_a_window(times, cap.per, zone) <= cap.limit


def most_in_a_window(times: list[datetime], per: Length, zone: ZoneInfo) -> int:
    """The slow, obvious way: look at the window that ends with each message."""
    if per.unit in ("minute", "hour"):
        length = timedelta(**{f"{per.unit}s": per.amount})
        return max((sum(end - length < each <= end for each in times) for end in times), default=0)
    days = [each.astimezone(zone).date() for each in times]
    if per.unit == "month":
        return max((sum(_months_before(end, per.amount) < day <= end for day in days) for end in days), default=0)
    span = per.amount * (7 if per.unit == "week" else 1)
    return max((sum(0 <= (end - day).days < span for day in days) for end in days), default=0)


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return day.replace(year=year, month=month + 1, day=min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("unreachable")
