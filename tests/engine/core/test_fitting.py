"""Which values of events are told as not being what the schema says: exactly those that rules take as unknown."""

from __future__ import annotations

import pytest

from dsl.plan import JSON
from engine.core.fitting import unfit_properties


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        pytest.param("money", 12.5, id="money as a number"),
        pytest.param("money", "12,50 USD", id="money as a text"),
        pytest.param("money", {"amount": "12.50", "currency": "USD"}, id="money as an object"),
        pytest.param("text", "", id="an empty text"),
        pytest.param("flag", False, id="a flag"),
        pytest.param("date", "2026-02-28T10:00:00Z", id="a date and time for a date"),
        pytest.param("moment", "2026-02-28", id="a date for a date and time"),
        pytest.param("list of number", [], id="an empty list"),
        pytest.param("list of record", [{"name": "cup"}], id="a list of objects"),
        pytest.param("number", None, id="nothing at all"),
    ],
)
def test_a_value_that_rules_can_read_fits(kind: str, value: JSON) -> None:
    assert list(unfit_properties({"it": value}, {"it": kind}, currency="EUR")) == []


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        pytest.param("money", "abc", id="money in words"),
        pytest.param("money", True, id="a flag for money"),
        pytest.param("number", "7", id="a number in quotes"),
        pytest.param("text", 42, id="a number for a text"),
        pytest.param("flag", "yes", id="a text for a flag"),
        pytest.param("date", "28.02.2026", id="a date as people write it"),
        pytest.param("moment", "soon", id="a time in words"),
        pytest.param("list of text", "cup", id="no list"),
        pytest.param("list of text", ["cup", 7], id="one element of many"),
        pytest.param("record", "Kazan", id="no object"),
    ],
)
def test_a_value_that_rules_cannot_read_does_not_fit(kind: str, value: JSON) -> None:
    assert list(unfit_properties({"it": value}, {"it": kind}, currency="EUR")) == [("it", kind)]


def test_an_amount_whose_currency_nobody_names_does_not_fit() -> None:
    kinds = {"total": "money"}

    assert list(unfit_properties({"total": 12.5}, kinds, currency=None)) == [("total", "money")]
    assert list(unfit_properties({"total": 12.5, "currency": "USD"}, kinds, currency=None)) == []
