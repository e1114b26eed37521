"""A small shop over virtual time: `shop('when cart_abandoned after 1h send email "cart"')`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dsl.catalog import BUILT_IN_ATTRIBUTES, Catalog, EventType, TemplateInfo
from dsl.kinds import Kind
from dsl.plan import Length, Plan
from engine.errors import WorkspaceInvalid
from engine.testing.virtual.compiled import compiled
from engine.testing.virtual.world import World

TEXT, NUMBER, MONEY = Kind(name="text"), Kind(name="number"), Kind(name="money")
DATE, MOMENT, FLAG = Kind(name="date"), Kind(name="moment"), Kind(name="flag")
CART = {"cart_id": TEXT, "total": MONEY, "city": TEXT, "items": Kind(name="text", is_list=True)}

EVENTS = [
    EventType(name="cart_abandoned", key="cart_id", cancelled_by=("order_placed", "cart_emptied"), properties=CART),
    EventType(name="cart_updated", key="cart_id", properties=CART),
    EventType(name="cart_emptied", properties={"cart_id": TEXT}),
    EventType(name="order_placed", properties={"cart_id": TEXT, "total": MONEY, "kind": TEXT}),
    EventType(name="order_paid", properties={"order_id": Kind(name="text", optional=True)}),
    EventType(name="registered", properties={"source": Kind(name="text", optional=True)}),
    EventType(name="visit_booked", key="visit_id", properties={"visit_id": TEXT, "visit_at": MOMENT, "on": DATE}),
    EventType(name="product_viewed", properties={"sku": TEXT}, late_after=Length(1, "hour")),
    *(
        EventType(name=f"chained_{letter}", properties={"n": Kind(name="number", optional=True)})
        for letter in "abcdefghijkl"
    ),
]
ATTRIBUTES = {
    **BUILT_IN_ATTRIBUTES,
    "city": TEXT,
    "stage": TEXT,
    "tier": Kind(name="text", values=("bronze", "silver", "gold")),
    "age": NUMBER,
    "blocked": FLAG,
    "subscribed": FLAG,
    "birthday": Kind(name="date", repeats="yearly"),
    "visit_on": DATE,
    "last_visit": MOMENT,
    "limit": MONEY,
}


def catalog_of(rules: str, **settings: Any) -> Catalog:
    names = set(re.findall(r'\b(email|sms|push) "(\w+)"', rules))
    templates = {
        each: TemplateInfo(channel=each[0], name=each[1], path=f"templates/{each[0]}/{each[1]}") for each in names
    }
    catalog = Catalog(
        events={event.name: event for event in EVENTS},
        attributes=ATTRIBUTES,
        templates=templates,
        channels=("email", "sms", "push"),
        timezone="UTC",
        currency="RUB",
    )
    return replace(catalog, **settings)


def plan_of(rules: str, **settings: Any) -> Plan:
    try:
        return compiled(rules, catalog_of(rules, **settings))
    except WorkspaceInvalid as invalid:
        raise AssertionError("\n".join(f"{each.code} {each.message}" for each in invalid.diagnostics)) from None


@pytest.fixture
def plan() -> Callable[..., Plan]:
    return plan_of


@pytest.fixture
def shop() -> Callable[..., World]:
    """A world with these rules, on 2 March 2026 at 9:00 in its zone."""

    def make(rules: str, *, now: str = "2026-03-02 09:00", **settings: Any) -> World:
        return World(plan_of(rules, **settings), now=now)

    return make
