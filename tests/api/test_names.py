from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.ingest.names import event_name, trait_names

NAMES = [
    ("Order Completed", "order_completed"),
    ("order_completed", "order_completed"),
    ("orderCompleted", "order_completed"),
    ("OrderCompleted", "order_completed"),
    ("order-completed", "order_completed"),
    ("  Order   Completed! ", "order_completed"),
    ("Completed Order", "order_completed"),
    ("Viewed Product", "product_viewed"),
    ("viewedProductCategory", "product_list_viewed"),
    ("Product List Viewed", "product_list_viewed"),
    ("Searched Products", "products_searched"),
    ("Products Searched", "products_searched"),
    ("HTMLPage Opened", "html_page_opened"),
    ("user.signed.up", "user_signed_up"),
    ("Step 2 Done", "step_2_done"),
    ("Заказ Оплачен", "заказ_оплачен"),
    ("заказОплачен", "заказ_оплачен"),
    ("Ёлка Куплена", "ёлка_куплена"),
    ("Cafe\u0301 Visited", "caf\u00e9_visited"),
    ("🎉", ""),
    ("___", ""),
]


@pytest.mark.parametrize(("sent", "name"), NAMES, ids=[repr(sent) for sent, _ in NAMES])
def test_a_name_is_written_as_rules_write_it(sent: str, name: str) -> None:
    assert event_name(sent) == name


@given(st.text(max_size=60))
def test_a_normalised_name_stays_as_it_is(sent: str) -> None:
    name = event_name(sent)

    assert event_name(name) == name


TRAITS = [
    ({"firstName": "Ann", "createdAt": "2026-01-01"}, {"first_name": "Ann", "created_at": "2026-01-01"}),
    ({"first_name": "Ann", "email": "a@b.c"}, {"first_name": "Ann", "email": "a@b.c"}),
    ({"firstName": "camel", "first_name": "snake"}, {"first_name": "snake"}),
    ({"first_name": "snake", "firstName": "camel"}, {"first_name": "snake"}),
    ({"address": {"postalCode": "10115"}}, {"address": {"postal_code": "10115"}}),
    ({"pets": [{"petName": "Rex"}]}, {"pets": [{"pet_name": "Rex"}]}),
    ({"consent": {"weeklyNews": False}}, {"consent": {"weeklyNews": False}}),
    ({"Любимый Сорт": "Huila"}, {"любимый_сорт": "Huila"}),
    ({"🎉": 1, "_id": 2, "bad\0Key": 3}, {"🎉": 1, "_id": 2, "bad\0Key": 3}),
]


@pytest.mark.parametrize(("sent", "traits"), TRAITS, ids=[repr(sent) for sent, _ in TRAITS])
def test_traits_are_named_as_schemas_name_them(sent: dict[str, Any], traits: dict[str, Any]) -> None:
    assert trait_names(sent) == traits


def test_traits_nested_without_end_are_left_to_the_limits() -> None:
    nested: dict[str, Any] = {}
    for _ in range(5_000):
        nested = {"oneMore": nested}

    assert list(trait_names(nested)) == ["one_more"]
