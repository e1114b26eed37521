"""Limits of providers are functions of what was used and of time: no history of claims gets over one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from engine.core.delivery.provider_limits import Full, Ledger, ProviderLimits, Use, use_names

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
SECOND = timedelta(seconds=1)


def ledger(limits: ProviderLimits, uses: dict[str, Use], now: datetime, *, domain: str = "gmail.com") -> Ledger:
    """Of one claim; `uses` is what the database keeps from one to the next."""
    today = now.astimezone(BERLIN).date()
    for name in use_names({"email": limits}, [("email", domain)], today):
        uses.setdefault(name, Use())
    return Ledger(limits={"email": limits}, uses=uses, now=now, zone=BERLIN, today=today)


def limits(**written: object) -> ProviderLimits:
    found = ProviderLimits.from_json(written)
    assert found is not None
    return found


def taken(book: Ledger, count: int, *, domain: str = "gmail.com", is_service: bool = False) -> list[datetime]:
    moments = [book.take("email", domain, is_service=is_service) for _ in range(count)]
    return [moment for moment in moments if isinstance(moment, datetime)]


@given(
    rate=st.integers(1, 300),
    claims=st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 64), st.booleans()), min_size=1, max_size=40),
)
def test_no_second_ever_holds_more_than_its_rate(rate: int, claims: list[tuple[int, int, bool]]):
    paced, uses = limits(limit=[[rate, "second"]]), dict[str, Use]()
    now, moments = NOON, list[datetime]()
    for pause_ms, count, is_service in claims:
        now += timedelta(milliseconds=pause_ms)
        moments += taken(ledger(paced, uses, now), count, is_service=is_service)

    moments.sort()
    assert moments
    for first, moment in enumerate(moments):
        assert sum(each < moment + SECOND for each in moments[first:]) <= rate


@given(limit=st.integers(1, 200), claims=st.lists(st.tuples(st.integers(0, 600), st.integers(1, 64)), max_size=60))
def test_no_day_of_the_workspace_ever_holds_more_than_its_limit(limit: int, claims: list[tuple[int, int]]):
    daily, uses = limits(limit=[[limit, "day"]]), dict[str, Use]()
    now, days = NOON, dict[date, int]()
    for pause_minutes, count in claims:
        now += timedelta(minutes=pause_minutes)
        for moment in taken(ledger(daily, uses, now), count, is_service=True):
            day = moment.astimezone(BERLIN).date()
            days[day] = days.get(day, 0) + 1

    assert all(count <= limit for count in days.values())


def test_of_a_days_limit_marketing_leaves_one_in_twenty_to_service_messages():
    book = ledger(limits(limit=[[100, "day"]]), {}, NOON)

    marketing, service = taken(book, 200), taken(book, 200, is_service=True)

    assert (len(marketing), len(service)) == (95, 5)
    assert book.take("email", "gmail.com", is_service=True) == Full(datetime(2026, 3, 2, 23, tzinfo=UTC), None)


def test_a_domain_that_is_full_leaves_the_others_free():
    book = ledger(limits(domains={"gmail.com": [[10, "second"]]}), {}, NOON)

    mine, others = taken(book, 100), taken(book, 100, domain="web.example")

    assert (len(mine), len(others)) == (6, 100)
    full = [book.take("email", "gmail.com", is_service=False) for _ in range(3)]
    assert {each.domain for each in full if isinstance(each, Full)} == {"gmail.com"}
    assert len({each.until for each in full if isinstance(each, Full)}) == 3  # not all at the same moment again


def test_a_service_message_waits_at_most_as_long_as_marketing_was_given_places_ahead():
    book = ledger(limits(limit=[[10, "second"]]), {}, NOON)
    taken(book, 1000)

    moment = book.take("email", "gmail.com", is_service=True)

    assert isinstance(moment, datetime)
    assert moment - NOON < SECOND


def test_a_new_sender_warms_up_day_by_day_until_the_plan_ends():
    plan = limits(warm_up={"start": "2026-03-01", "days": [50, 100, 200]})

    counts = [len(taken(ledger(plan, {}, NOON + timedelta(days=days)), 300, is_service=True)) for days in range(-2, 4)]

    assert counts == [50, 50, 100, 200, 300, 300]


def test_a_day_and_a_warm_up_are_counted_together_and_the_smaller_holds():
    plan = limits(limit=[[80, "day"]], warm_up={"start": "2026-03-02", "days": [50, 100]})

    counts = [len(taken(ledger(plan, {}, NOON + timedelta(days=days)), 300, is_service=True)) for days in range(3)]

    assert counts == [50, 80, 80]
