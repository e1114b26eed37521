"""The generated code against a slow, obvious interpreter of the same trees: 20,000 cases, no difference."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl import plan
from engine.core.conditions.dispatch import Entry, build_dispatch
from engine.core.conditions.expressions import Test as Holds
from engine.core.conditions.expressions import test_of as compile_test
from engine.core.conditions.history import with_event
from engine.core.conditions.scope import Scope
from engine.core.model import Past
from tests.drills.sizes import sized
from tests.engine.core.reference.clocks import ago
from tests.engine.core.reference.interpreter import Reference
from tests.engine.core.reference.worlds import (
    NOWS,
    SEGMENTS,
    ZONES,
    Customer,
    customers,
    everywhere,
    expressions,
    lengths,
)

pytestmark = pytest.mark.timeout(sized(300, 3600))

CURRENCY = "RUB"
SIGNS = ("is", "is not", ">", "<", ">=", "<=")
#: Each example asks every condition of one customer at each of 14 moments: 10,500 cases, and 5,250 of windows; more by
#: night.
CONDITIONS, EXAMPLES, WINDOWS, RULES = 10, sized(75, 1000), sized(75, 1000), sized(40, 600)

rule_zones = st.none() | st.sampled_from(ZONES)
segments = st.fixed_dictionaries({name: expressions.filter(lambda node: not _asks_segments(node)) for name in SEGMENTS})


@dataclass(frozen=True, eq=False)
class Segment:
    holds: Holds


def _asks_segments(node: plan.Expression) -> bool:
    return "InSegment" in repr(node)


def scope_of(customer: Customer, conditions: dict[str, plan.Expression]) -> Scope:
    history: dict[str, tuple[Past, ...]] = {}
    for name, arrived in customer.past.items():
        history = reduce(lambda known, each: with_event(known, name, Past(*each)), arrived, history)
    scope = Scope(
        now=customer.now,
        zone=customer.zone,
        seen={name: max(at for at, _ in arrived) for name, arrived in customer.past.items() if arrived},
        history=history,
        leap_day=customer.leap_day,
        segments={name: Segment(compile_test(node, CURRENCY, zone=None)) for name, node in conditions.items()},
    )
    return scope.of_run(customer.began, arrived=None)


def reference_of(customer: Customer, zone: ZoneInfo | None, conditions: dict[str, plan.Expression]) -> Reference:
    return Reference(
        event=customer.event,
        attributes=customer.attributes,
        past=customer.past,
        now=customer.now,
        began=customer.began,
        zone=customer.zone,
        rule_zone=zone,
        currency=CURRENCY,
        leap_day=customer.leap_day,
        segments=conditions,
    )


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.lists(expressions, min_size=CONDITIONS, max_size=CONDITIONS),
    customers(),
    rule_zones,
    segments,
)
def test_generated_code_agrees_with_the_reference(nodes, person, zone, conditions):
    tests = [compile_test(node, CURRENCY, zone=zone) for node in nodes]

    for customer in everywhere(person):
        scope, reference = scope_of(customer, conditions), reference_of(customer, zone, conditions)
        held = [test(customer.event, customer.attributes, scope) for test in tests]

        assert held == [reference.holds(node) for node in nodes]


#: Of each kind; some are equal to one another, and each is the border of a comparison once.
SOME: dict[str, list[Any]] = {
    "text": ["Moscow", "moscow", "Kazan", ""],
    "number": [-1, 0, 0.3, 0.1 + 0.2, 1, 1.0, 4200],
    "flag": [True, False],
    "date": ["2026-02-28", "2026-03-01", "2026-03-02"],
    "moment": ["2026-03-02T20:59:59Z", "2026-03-02T21:00:00Z", "2026-03-03T00:00:00+03:00", "2026-03-02T21:00:01Z"],
    "money": [{"amount": amount, "currency": name} for amount in ("0.1", 4200, "4200.10") for name in ("RUB", "USD")],
}


@pytest.mark.parametrize("kind", SOME)
def test_every_comparison_agrees_with_the_reference_on_its_border(kind):
    value, constants = plan.Attribute("it", kind), [plan.Constant(kind, each) for each in SOME[kind]]
    nodes: list[plan.Expression] = [plan.Compare(value, sign, each) for sign in SIGNS for each in constants]
    nodes += [plan.Between(value, low, high) for low, high in product(constants, constants)]
    nodes += [plan.OneOf(value, (one, other)) for one, other in product(constants, constants)]
    tests = [compile_test(node, CURRENCY, zone=None) for node in nodes]

    for each in SOME[kind]:
        customer = Customer(
            event={}, attributes={"it": each}, past={}, now=NOWS[0], began=NOWS[0], zone=ZONES[0], leap_day="1 march"
        )
        scope, reference = scope_of(customer, {}), reference_of(customer, None, {})

        assert [test({}, customer.attributes, scope) for test in tests] == [reference.holds(node) for node in nodes]


near = st.lists(
    st.sampled_from([timedelta(microseconds=each) for each in (-3_600_000_000, -1_000_000, -1, 0, 1, 1_000_000)]),
    min_size=1,
    max_size=3,
)


@settings(max_examples=WINDOWS, deadline=None)
@given(lengths, near, st.sampled_from(ZONES), rule_zones)
def test_windows_agree_with_the_reference_to_the_microsecond(within, offsets, zone, rule_zone):
    """Events, a moment and a date lie at the very border of the window, just before it and just after it."""
    counted = plan.Tally("count", "a", "number", within=within)
    nodes: list[plan.Expression] = [
        plan.Compare(counted, "is", plan.Constant("number", number)) for number in range(len(offsets) + 1)
    ]
    nodes += [plan.Happened("a", within), plan.InLast(plan.Attribute("moment", "moment"), within)]
    nodes += [plan.InLast(plan.Attribute("date", "date"), within)]
    tests = [compile_test(node, CURRENCY, zone=rule_zone) for node in nodes]

    for now in NOWS:
        border = ago(now, within, rule_zone or zone)
        customer = Customer(
            event={},
            attributes={
                "moment": (border + offsets[0]).isoformat(),
                "date": (border + offsets[0]).astimezone(zone).date().isoformat(),
            },
            past={"a": [(border + offset, {}) for offset in offsets]},
            now=now,
            began=now,
            zone=zone,
            leap_day="28 february",
        )
        scope, reference = scope_of(customer, {}), reference_of(customer, rule_zone, {})
        held = [test({}, customer.attributes, scope) for test in tests]

        assert held == [reference.holds(node) for node in nodes]


@settings(max_examples=RULES, deadline=None)
@given(st.lists(expressions, min_size=1, max_size=12), customers(), segments)
def test_dispatch_finds_exactly_the_rules_that_hold(nodes, customer, conditions):
    entries = [Entry(number, (node,), None) for number, node in enumerate(nodes)]
    scope = scope_of(customer, conditions)

    found = build_dispatch(entries, CURRENCY).matching(customer.event, customer.attributes, scope)

    reference = reference_of(customer, None, conditions)
    assert found == [number for number, node in enumerate(nodes) if reference.holds(node)]
