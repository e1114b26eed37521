from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.ingest.names import event_name

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
