"""Quiet hours and caps are functions of facts and time: the nights of clock changes, and any history."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl.plan import Cap, Length, QuietHours, Unit
from engine.core.delivery.limits import NO_LIMITS, CountedCap, Limits
from engine.core.guards import Counted, MessageFacts
from engine.core.guards.cap import check_caps
from engine.core.guards.quiet_hours import check_quiet_hours, end_of_quiet
from engine.public_holidays import holidays_for

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


UNITY = {date(2026, 10, 3): "Tag der Deutschen Einheit"}


@pytest.mark.parametrize(
    ("now", "reason", "end"),
    [
        pytest.param(
            berlin("2026-10-03 12:00"),
            "public holiday: Tag der Deutschen Einheit",
            berlin("2026-10-04 09:00"),
            id="on the day, and through the night after it",
        ),
        pytest.param(berlin("2026-10-02 23:00"), "quiet hours", berlin("2026-10-04 09:00"), id="the night before it"),
        pytest.param(berlin("2026-10-02 21:00"), None, None, id="the evening before it"),
        pytest.param(berlin("2026-10-04 09:00"), None, None, id="the morning after it"),
    ],
)
def test_a_public_holiday_is_quiet_all_day_on_the_customers_clock(
    now: datetime, reason: str | None, end: datetime | None
):
    facts = MessageFacts(
        channel="email",
        address="x",
        transactional=False,
        zone=BERLIN,
        quiet_hours=(QuietHours(start="22:00", end="09:00"),),
        holidays=UNITY,
    )

    block = check_quiet_hours(facts, now.astimezone(UTC))

    assert (block and block.reason, block and block.retry_at) == (reason, end)


def test_holidays_in_a_row_are_waited_out_together():
    days = {date(2026, 12, day): "Christmas" for day in (24, 25, 26)}
    nights = [QuietHours(start="22:00", end="09:00")]

    assert end_of_quiet(nights, berlin("2026-12-24 10:00"), BERLIN, holidays=days) == berlin("2026-12-27 09:00")


@pytest.mark.parametrize(
    ("country", "zone", "is_quiet"),
    [
        (None, None, True),
        ("DE", None, True),
        ("de", "America/New_York", True),
        ("FR", "Europe/Berlin", False),
        ("AT", None, False),
        (None, "Europe/Berlin", True),
        (None, "Europe/Paris", False),
        (None, "Etc/UTC", True),
        (7, None, True),
    ],
)
def test_holidays_are_those_of_the_customers_country(country: object, zone: str | None, is_quiet: bool):
    found = holidays_for(["DE", "AT"], country=country, timezone=zone, at=datetime(2026, 10, 1, tzinfo=UTC))

    assert (date(2026, 10, 3) in found) is is_quiet


@pytest.mark.parametrize(
    ("locale", "christmas", "kings"),
    [
        ("de-DE", "Erster Weihnachtstag", "Heilige Drei Könige"),
        ("en", "Christmas Day", "Epiphany"),
        ("ru", "Christmas Day", "Epiphany"),
        (None, "Christmas Day", "Epiphany"),
    ],
)
def test_holidays_of_both_years_are_known_at_the_turn_of_the_year_in_a_language_that_is_asked_for(
    locale: str | None, christmas: str, kings: str
):
    at = datetime(2026, 12, 30, tzinfo=UTC)

    found = holidays_for(["DE-BY"], country=None, timezone=None, at=at, locale=locale)

    assert found[date(2026, 12, 25)] == christmas
    assert found[date(2027, 1, 6)] == kings  # in Bavaria, not everywhere


def test_a_holiday_of_a_country_that_the_library_names_in_russian_is_named_so():
    at = datetime(2026, 12, 30, tzinfo=UTC)

    found = holidays_for(["RU"], country=None, timezone=None, at=at, locale="ru_RU")

    assert found[date(2027, 1, 7)] == "Рождество Христово"


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
