"""What events were worth, and what a rule brought."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine.tracking.lift import Group, lift_of
from engine.tracking.revenue import revenue_of


@pytest.mark.parametrize(
    ("properties", "named", "expected"),
    [
        pytest.param({"total": 45}, None, (Decimal(45), "EUR"), id="number"),
        pytest.param({"total": "99.90"}, None, (Decimal("99.90"), "EUR"), id="text"),
        pytest.param({"total": {"amount": "7", "currency": "USD"}}, None, (Decimal(7), "USD"), id="money"),
        pytest.param({"total": 7, "currency": "RUB"}, None, (Decimal(7), "RUB"), id="currency beside it"),
        pytest.param({"value": 1, "revenue": 2}, None, (Decimal(2), "EUR"), id="the first of the guesses"),
        pytest.param({"total": 1, "margin": 2}, "margin", (Decimal(2), "EUR"), id="named"),
        pytest.param({"total": 1}, "margin", (None, None), id="named and missing"),
        pytest.param({"total": "a lot"}, None, (None, None), id="words"),
        pytest.param({"total": "NaN"}, None, (None, None), id="no number"),
        pytest.param({"total": "1e40"}, None, (None, None), id="too much"),
        pytest.param({"total": True}, None, (None, None), id="a flag"),
        pytest.param({"total": [1]}, None, (None, None), id="a list"),
        pytest.param({}, None, (None, None), id="nothing"),
    ],
)
def test_what_an_event_was_worth(properties: dict[str, Any], named: str | None, expected: tuple[Any, Any]):
    assert revenue_of(properties, named, "EUR") == expected


def test_the_interval_is_newcombes():
    # Newcombe 1998, table II, example (a), method 10: 56/70 against 48/80.
    lift = lift_of(Group(people=70, converted=56), Group(people=80, converted=48))

    assert lift is not None
    assert (round(lift.difference, 4), round(lift.low, 4), round(lift.high, 4)) == (0.2, 0.0524, 0.3339)
    assert lift.is_proven


def test_small_groups_prove_little_and_break_nothing():
    # The same table, example (e) and (h): 5/56 against 0/29, 10/10 against 0/10.
    some = lift_of(Group(people=56, converted=5), Group(people=29, converted=0))
    all_ = lift_of(Group(people=10, converted=10), Group(people=10, converted=0))

    assert some is not None and all_ is not None
    assert (round(some.low, 4), round(some.high, 4)) == (-0.0381, 0.1926)
    assert not some.is_proven
    assert (round(all_.low, 4), round(all_.high, 4)) == (0.6075, 1.0)


def test_without_people_there_is_nothing_to_compare():
    assert lift_of(Group(people=10, converted=1), Group(people=0, converted=0)) is None
