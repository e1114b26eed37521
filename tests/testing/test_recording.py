"""A recorded test: what really happened, told without who it happened to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from dsl.plan import JSON
from engine.core.identity import customer_id
from engine.core.model import Customer, Event
from engine.errors import ConfigurationError
from engine.testing.recording.pseudonyms import Pseudonyms
from engine.testing.recording.recorded import History, recorded
from tests.testing.stage import TEST_PATH, run, workspace

SINCE, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
ANNA = Customer(
    id=customer_id("u:8812"), key="u:8812", email="anna.k@shop.example", phone="+79161234567",
    timezone="Europe/Moscow", consent={"email": True}, tags=frozenset({"vip"}), attributes={"city": "Kazan"},
)  # fmt: skip


def events(*told: tuple[str, str, dict[str, JSON]]) -> list[Event]:
    made = []
    for number, (written, name, values) in enumerate(told):
        at = datetime.fromisoformat(f"{written}+00:00")
        made.append(
            Event(
                id=UUID(int=number), customer=ANNA.id, kind="track" if name else "identify", name=name, at=at,
                received_at=at, properties=values,
            )
        )  # fmt: skip
    return made


def record(*told: tuple[str, str, dict[str, JSON]], customer: Customer = ANNA, rules: str | None = None) -> str:
    history = History(customer=customer, events=events(*told), since=SINCE, until=UNTIL)
    ready = workspace(rules) if rules is not None else workspace()
    return recorded("as it was", history, ready, path=TEST_PATH)


CART: tuple[str, str, dict[str, Any]] = (
    "2026-03-02 07:00:41", "cart_abandoned", {"cart_id": "b-8812-7", "total": "120.50 RUB"},
)  # fmt: skip


def test_a_recorded_test_passes_and_expects_what_the_customer_got():
    text = record(CART)

    assert 'expect email "cart" at 2026-03-02 11:00' in text
    assert 'expect email "promo" at 2026-03-03 11:00' in text
    assert [(each.status, each.failures) for each in run(text)] == [("passed", ())]


def test_nothing_of_the_person_is_left():
    text = record(
        ("2026-02-20 07:00", "", {"email": "anna.old@shop.example"}),
        CART,
        ("2026-03-02 07:30", "", {"email": "anna.new@shop.example", "city": "Moscow"}),
    )

    for secret in ("anna", "shop.example", "7916", "1234567", "8812"):
        assert secret not in text
    assert 'timezone = "Europe/Moscow"' in text
    assert 'customer.city becomes "Moscow"' in text
    assert [each.status for each in run(text)] == ["passed"]


def test_the_same_value_is_replaced_by_the_same_one():
    text = record(CART, ("2026-03-02 07:10", "cart_abandoned", {"cart_id": "b-8812-7", "total": "130 RUB"}))

    carts = [line.split('cart_id = "')[1].split('"')[0] for line in text.splitlines() if "cart_id" in line]
    assert len(carts) == 2
    assert len(set(carts)) == 1
    assert [each.status for each in run(text)] == ["passed"]


def test_what_rules_look_back_at_is_given_as_history():
    text = record(
        ("2026-02-25 10:00", "order_placed", {}),
        ("2026-02-25 10:00", "registered", {}),
        ("2026-03-02 07:00", "checkout_started", {}),
        CART,
    )

    assert "had 1 order_placed in last" in text
    assert "registered" not in text
    assert [each.status for each in run(text)] == ["passed"]


def test_the_arm_that_the_customer_took_is_given():
    text = record(("2026-03-02 07:00", "checkout_started", {}))

    assert 'split "Second" takes "' in text
    assert [each.status for each in run(text)] == ["passed"]


def test_a_stretch_in_which_no_rule_acts_is_refused():
    with pytest.raises(ConfigurationError, match="no rule acts"):
        record(("2026-02-25 10:00", "order_placed", {}))


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("anna.k@shop.example", "customer1@example.com"),
        ("+7 916 123-45-67", "+0 000 000-00-01"),
        ("Anna-Maria", "Aaaa-Aaaaa"),
        (8812, 9001),
    ],
)
def test_a_replacement_has_the_shape_of_what_it_replaces(value: JSON, shape: JSON):
    assert Pseudonyms().of(value) == shape


def test_texts_that_look_like_an_address_are_replaced_wherever_they_stand():
    pseudonyms = Pseudonyms()
    pseudonyms.of("8812")

    assert pseudonyms.within("write to bob@shop.example") == "write to customer2@example.com"
    assert pseudonyms.within("order of 8812") == "order of 9001"
    assert pseudonyms.within("+7 916 123-45-67") == "+0 000 000-00-03"
    assert pseudonyms.within("espresso") == "espresso"
