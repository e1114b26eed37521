"""Whatever happens: entering and leaving alternate, and at every instant the notes equal a look at the facts."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dsl.plan import Length
from engine.core import calendar
from engine.core.standing.leaving import leaves_at
from engine.core.standing.occurrences import next_occurrence
from engine.core.standing.windows import stays_in
from engine.testing.virtual.world import World
from tests.semantics.conftest import plan_of

CONDITIONS = {
    "recent": "order_placed in last 3 days",
    "keen": "count of order_placed in last 5 days >= 2",
    "big": "sum of order_placed.total in last 2 days > 100 RUB",
    "dear": "count of order_placed where (total > 50 RUB) in last 2 days >= 1",
    "mean": "average of order_placed.total in last 4 days < 80 RUB",
    "last": "last order_placed.total > 100 RUB",
    "between": "days since last order_placed between 2 and 5 and customer.visit_on in last 1 month",
    "few": "count of order_placed in last 40h < 2 and order_placed in last 1 week",
    "quiet": "days since last order_placed > 4",
    "gold": 'customer.tier is "gold"',
    "visiting": 'customer.visit_on in last 3 days and not customer.tier is "bronze"',
    "lately": "customer.last_visit in last 36h",
    "born": "customer.birthday in last 1 week",
    "both": "customer in recent and customer in gold",
}
RULES = "\n".join(
    [f"segment {name} means {condition}" for name, condition in CONDITIONS.items()]
    + [f"when customer {verb} {name} emit chained_a with n = 1" for name in CONDITIONS for verb in ("enters", "leaves")]
)
PLANS = {zone: plan_of(RULES, timezone=zone) for zone in ("UTC", "Asia/Kolkata", "America/New_York")}

dates = st.dates(datetime(2026, 2, 20).date(), datetime(2026, 3, 30).date()).map(str)  # noqa: DTZ001
moments = st.datetimes(datetime(2026, 2, 20), datetime(2026, 3, 30)).map(lambda at: at.isoformat() + "Z")  # noqa: DTZ001
deeds = st.one_of(
    st.tuples(st.just("order"), st.integers(0, 200)),
    st.tuples(st.just("late order"), st.integers(1, 70)),
    st.tuples(st.just("tier"), st.sampled_from(["gold", "silver", "bronze", None])),
    st.tuples(st.just("visit_on"), dates | st.none()),
    st.tuples(st.just("last_visit"), moments),
    st.tuples(st.just("birthday"), dates),
    st.tuples(st.just("timezone"), st.sampled_from(["Asia/Tokyo", "America/Los_Angeles", "Europe/Berlin"])),
)
stories = st.lists(st.tuples(st.integers(1, 3000), deeds), max_size=12)


def happens(world: World, deed: tuple[str, object]) -> None:
    what, value = deed
    if what == "order":
        world.event("order_placed", {"total": {"amount": str(value), "currency": "RUB"}})
    elif what == "late order":
        world.event("order_placed", {"total": "50 RUB"}, happened=world.now - timedelta(hours=int(str(value))))
    else:
        world.learn({what: value})  # type: ignore[dict-item]


def looked_at(world: World) -> dict[str, bool]:
    """What the conditions say now, of the facts alone."""
    customer = world.customer()
    facts = world.memory.facts(customer.id)
    fresh = World(world.programs[world.live], now=world.now)
    fresh.memory.customers[customer.id] = facts.customer
    fresh.memory.events = list(world.memory.events)
    fresh.memory.last_seen = world.memory.last_seen
    fresh.memory.history = world.memory.history
    fresh.memory.noted.known.add(customer.id)
    fresh.fill()
    return {name: fresh.is_in(name) for name in CONDITIONS}


@settings(max_examples=150, deadline=None)
@given(zone=st.sampled_from(sorted(PLANS)), story=stories, steps=st.integers(7, 13))
def test_d18_notes_equal_the_facts_at_every_instant_and_borders_alternate(zone, story, steps):
    world = World(PLANS[zone], now="2026-03-01 09:00")
    world.meet()

    for minutes, deed in story:
        world.plus(timedelta(minutes=minutes))
        happens(world, deed)
        assert {name: world.is_in(name) for name in CONDITIONS} == looked_at(world)
    for _ in range(12):
        world.plus(timedelta(hours=steps))
        assert {name: world.is_in(name) for name in CONDITIONS} == looked_at(world)

    for name in CONDITIONS:
        verbs = crossings(world, name)
        assert all(one != other for one, other in pairwise(verbs))


def crossings(world: World, name: str) -> list[str]:
    """As they were decided."""
    told = [note.detail.split() for note in world.memory.notes if note.what == "started"]
    return [verb for _, verb, segment in (each for each in told if len(each) == 3) if segment == name]


LENGTHS = st.builds(Length, st.integers(1, 40), st.sampled_from(["minute", "hour", "day", "week", "month"]))
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"])
TIMES = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@settings(max_examples=400, deadline=None)
@given(at=TIMES, ago=st.integers(0, 80_000), length=LENGTHS, zone=ZONES)
def test_an_event_is_in_its_window_up_to_the_instant_at_which_it_leaves(at, ago, length, zone):
    where, now = ZoneInfo(zone), at + timedelta(minutes=ago)

    left = leaves_at(at, length, where, now=now)

    if left is None:
        assert calendar.add(now, length, where, sign=-1) >= at
    else:
        assert left > now
        assert calendar.add(left, length, where, sign=-1) >= at
        assert calendar.add(left - timedelta(microseconds=1), length, where, sign=-1) < at


@settings(max_examples=200, deadline=None)
@given(at=TIMES, length=LENGTHS, zone=ZONES)
@example(at=datetime(2011, 12, 29, 9, tzinfo=UTC), length=Length(3, "day"), zone="Pacific/Apia")  # a day is left out
@example(at=datetime(2026, 2, 28, 9, tzinfo=UTC), length=Length(1, "month"), zone="UTC")
def test_nothing_leaves_its_window_sooner_than_the_length_lasts_at_the_least(at, length, zone):
    left = leaves_at(at, length, ZoneInfo(zone), now=at)

    assert left is not None
    assert left - at >= calendar.at_least(length)


@settings(max_examples=400, deadline=None)
@given(now=TIMES, share=st.floats(0, 1), length=LENGTHS, zone=ZONES)
def test_the_clock_of_a_zone_tells_what_a_search_would_find(now, share, length, zone):
    where = ZoneInfo(zone)
    after = calendar.add(now, length, where, sign=-1)
    at = now - (now - after) * share
    stays = stays_in(length, where, now)

    told = stays.whiles[bisect_right(stays.bounds, at) - 1]

    assert stays.bounds[0] < at
    assert told is None or at <= after or leaves_at(at, length, where, now=now) == at + told


@pytest.mark.parametrize(
    "length", [Length(30, "day"), Length(52, "week"), Length(36, "hour")], ids=lambda each: each.unit
)
def test_the_clock_of_a_zone_leaves_little_to_a_search(length):
    now, where = datetime(2026, 11, 22, 5, tzinfo=UTC), ZoneInfo("Europe/Riga")
    stays = stays_in(length, where, now)

    ends = [*stays.bounds[1:], now + timedelta(days=1)]
    unclear = [end - at for at, end, told in zip(stays.bounds, ends, stays.whiles, strict=True) if told is None]

    assert sum(unclear, timedelta()) < timedelta(days=2)


SCHEDULES = [
    'every monday, friday at 2:30 for everyone send email "a"',
    'every 3 weeks on sunday at 0:00 for everyone send email "a"',
    'every month on 30 at 23:59 for everyone send email "a"',
    'every month on last day at 9:00 for everyone send email "a"',
    'every year on 29 february at 2:15 for everyone send email "a"',
]
TRIGGERS = [plan_of(rule).rules[0].trigger for rule in SCHEDULES]


@settings(max_examples=300, deadline=None)
@given(trigger=st.sampled_from(TRIGGERS), after=TIMES, zone=ZONES)
def test_a_schedule_never_skips_and_never_repeats_a_day(trigger, after, zone):
    where = ZoneInfo(zone)

    following = next_occurrence(trigger, after, where, leap_day="28 february")
    again = next_occurrence(trigger, following, where, leap_day="28 february")
    just_before = next_occurrence(trigger, following - timedelta(microseconds=1), where, leap_day="28 february")

    assert after < following < again
    assert just_before == following
    assert following.astimezone(where).date() < again.astimezone(where).date()
