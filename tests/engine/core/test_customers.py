"""What an `identify`, and what clients send beside an event, change about a customer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from dsl.plan import JSON
from engine.core.customers import with_context, with_traits
from engine.core.model import Customer

ANNA = Customer(id=UUID(int=1), key="u:anna")
KINDS = {"age": "number", "birthday": "date", "seen_at": "moment", "vip": "flag", "city": "text", "spent": "money"}
KINDS["sizes"] = "list of text"


def identified(before: Customer = ANNA, **traits: JSON) -> Customer:
    return with_traits(before, traits, KINDS)


def test_known_traits_become_fields_and_the_rest_attributes():
    after = identified(
        email=" a@example.com ", phone="+7000", timezone="Europe/Moscow", locale="ru", city="Kazan", anything=[1]
    )

    assert (after.email, after.phone, after.timezone, after.locale) == ("a@example.com", "+7000", "Europe/Moscow", "ru")
    assert after.attributes == {"city": "Kazan", "anything": [1]}


def test_null_removes():
    before = identified(email="a@example.com", timezone="Europe/Moscow", city="Kazan", consent={"email": True})

    after = identified(before, email=None, timezone=None, city=None, consent=None)

    assert after == ANNA


@pytest.mark.parametrize(
    ("name", "sent", "kept"),
    [
        ("age", "42", 42),
        ("age", "4.5", 4.5),
        ("age", 42, 42),
        ("vip", "yes", True),
        ("vip", 0, False),
        ("vip", False, False),
        ("city", 42, "42"),
        ("birthday", "1990-03-04", "1990-03-04"),
        ("birthday", "1990-03-04T00:00:00Z", "1990-03-04"),
        ("seen_at", "2026-03-02T10:00:00Z", "2026-03-02T10:00:00Z"),
        ("spent", "4200.50 RUB", "4200.50 RUB"),
        ("spent", 4200, 4200),
        ("sizes", ["s", "m"], ["s", "m"]),
    ],
)
def test_a_trait_is_read_as_its_kind_in_the_schema(name, sent, kept):
    attributes = identified(**{name: sent}).attributes

    assert attributes == {name: kept}
    assert type(attributes[name]) is type(kept)


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("age", "many"), ("age", True), ("age", float("nan")), ("age", "1e999"), ("age", []), ("vip", "maybe"),
        ("vip", 2), ("city", {}), ("city", True), ("birthday", "4 March"), ("birthday", 19900304), ("seen_at", "now"),
        ("spent", "much"), ("spent", {}), ("sizes", "s"),
    ],
)  # fmt: skip
def test_a_trait_that_does_not_fit_its_kind_changes_nothing(name, sent):
    before = replace(ANNA, attributes={name: "as before"})

    assert identified(before, **{name: sent}) is before


@pytest.mark.parametrize("sent", ["Mars/Base", "../../etc/passwd", "", "Europe", 5, [], "\x00", "Europe/Moscow\n"])
def test_a_time_zone_that_does_not_exist_changes_nothing(sent):
    before = identified(timezone="Europe/Moscow")

    assert identified(before, timezone=sent) is before


def test_consent_is_told_channel_by_channel():
    before = identified(consent={"email": True, "sms": True})

    after = identified(before, consent={"email": False, "sms": None, "push": True, "pager": "yes"})

    assert after.consent == {"email": False, "push": True}


@pytest.mark.parametrize(
    ("told", "consent"),
    [
        (True, {"email": False}),
        (None, {"email": False}),
        ({"chosen": True}, {"email": True}),
        ({"chosen": "yes"}, {"email": False}),
        ({}, {"email": False}),
    ],
)
def test_a_refusal_by_hand_stays_until_the_customer_chooses_again(told: Any, consent: dict[str, bool]):
    left = replace(ANNA, consent={"email": False}, chosen={"email": "2026-11-01T10:00:00+00:00"})

    visit = with_traits(left, {"consent": {"email": told}}, {}, at=datetime(2026, 11, 20, tzinfo=UTC))

    assert visit.consent == consent


def test_a_press_in_a_form_of_the_shop_counts_as_by_hand_from_then_on():
    words = {"email": {"chosen": True}, "sms": True, "push": {"chosen": "yes"}}

    after = with_traits(ANNA, {"consent": words}, {}, at=datetime(2026, 11, 20, tzinfo=UTC))

    assert after.chosen == {"email": "2026-11-20T00:00:00+00:00"}


def test_an_app_may_refuse_what_was_agreed_to_by_hand():
    agreed = replace(ANNA, consent={"email": True}, chosen={"email": "2026-11-01T10:00:00+00:00"})

    after = with_traits(agreed, {"consent": {"email": False}}, {}, at=datetime(2026, 11, 20, tzinfo=UTC))

    assert after.consent == {"email": False}


def test_an_id_and_tags_cannot_be_sent():
    assert identified(id="other", tags=["vip"]) is ANNA


@pytest.mark.parametrize("trait", ["email", "phone", "locale"])
def test_an_empty_text_says_nothing(trait):
    before = identified(**{trait: "known"})

    assert identified(before, **{trait: "  "}) is before


def test_the_context_fills_in_what_nobody_said():
    context: dict[str, Any] = {"timezone": "Asia/Tokyo", "locale": "ja-JP", "ip": "10.0.0.1"}

    assert with_context(ANNA, context) == replace(ANNA, timezone="Asia/Tokyo", locale="ja-JP")
    assert with_context(identified(timezone="Europe/Moscow", locale="ru"), context) == identified(
        timezone="Europe/Moscow", locale="ru"
    )


@pytest.mark.parametrize("context", [{"timezone": "Nowhere", "locale": 5}, {"timezone": {}, "locale": ""}, {}])
def test_a_context_without_sense_changes_nothing(context):
    assert with_context(ANNA, context) is ANNA
