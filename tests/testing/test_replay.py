"""A replay: customers one after the other, in virtual time, judged as delivery judges."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dsl.catalog import PromoPool, TemplateInfo
from dsl.plan import QuietHours
from engine.actions import ACTIONS
from engine.core.conditions.program import load_program
from engine.testing.simulation.counted import Simulation
from engine.testing.simulation.replay import Replay
from engine.testing.simulation.simulating import Heard, Told, simulate_told
from engine.testing.virtual.delivery import Delivery
from tests.semantics.conftest import catalog_of, plan_of

SINCE, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC)


def day(number: int, hour: int = 10) -> datetime:
    """Of March; negative ones lie before the replay."""
    return SINCE + timedelta(days=number - 1, hours=hour)


def simulated(
    rules: str, customers: dict[str, Sequence[Heard]], *, delivery: Delivery | None = None, **settings: Any
) -> Simulation:
    program = load_program(plan_of(rules, **settings), 1, ACTIONS)
    replay = Replay(program, SINCE, UNTIL, delivery or Delivery(reaches_all=True))
    simulation = Simulation(SINCE, UNTIL, program.zone)
    told = {f"u:{name}": Told(min(at for at, _, _ in events), list(events)) for name, events in customers.items()}
    return simulate_told(replay, simulation, told, on_progress=lambda _: None)


def days(simulation: Simulation) -> list[int]:
    return sorted(each.day for each, _, _ in simulation.sent.elements())


CART = 'rule "Cart"\n  when cart_abandoned after 2 days\n  stop when order_placed\n  send email "cart"\n'
LEFT: dict[str, Any] = {"cart_id": "c1"}


def test_a_wait_passes_in_virtual_time_and_a_stop_is_heard():
    simulation = simulated(
        CART,
        {
            "waits": [(day(2), "cart_abandoned", LEFT)],
            "orders": [(day(2), "cart_abandoned", LEFT), (day(3), "order_placed", {"cart_id": "other"})],
        },
    )

    assert days(simulation) == [4]
    assert (simulation.starts["Cart"], simulation.customers, simulation.reached) == (2, 2, 1)
    assert simulation.ended["Cart", "stop when order_placed"] == 1


def test_what_is_still_to_come_at_the_end_of_the_time_is_not_counted():
    simulation = simulated(CART, {"late": [(day(30), "cart_abandoned", LEFT)]})

    assert (simulation.starts["Cart"], simulation.total) == (1, 0)


def test_what_was_before_starts_nothing_but_is_looked_back_at():
    rules = 'rule "Back"\n  when order_placed\n  only if count of order_placed in last 30 days >= 2\n  send email "b"\n'

    simulation = simulated(
        rules,
        {
            "second": [(day(-5), "order_placed", {}), (day(2), "order_placed", {})],
            "first": [(day(2), "order_placed", {})],
            "before": [(day(-5), "order_placed", {}), (day(-4), "order_placed", {})],
        },
    )

    assert days(simulation) == [2]


@pytest.mark.parametrize(("known", "expected"), [(-3, [4]), (3, []), (1, [4])])
def test_what_was_told_of_a_customer_holds_from_then_on(known: int, expected: list[int]):
    rules = 'rule "City"\n  when cart_abandoned\n  only if customer.city is "Kazan"\n  wait 2 days\n  send email "c"\n'

    simulation = simulated(rules, {"ann": [(day(known), "", {"city": "Kazan"}), (day(2), "cart_abandoned", LEFT)]})

    assert days(simulation) == expected


def test_a_customer_who_is_new_enters_a_segment_and_one_from_before_is_in_it_already():
    rules = (
        "segment buyers means order_placed in last 90 days\n"
        'rule "In"\n  when customer enters buyers\n  send email "hello"\n'
    )

    simulation = simulated(
        rules,
        {
            "new": [(day(2), "order_placed", {})],
            "old": [(day(-2), "order_placed", {}), (day(2), "order_placed", {})],
        },
    )

    assert (days(simulation), simulation.reached) == ([2], 1)


def test_schedules_and_dates_come_on_their_days_for_everybody_who_is_known():
    rules = (
        'rule "Monday"\n  every monday at 9:00 for customer.city is "Kazan"\n  send email "news"\n'
        'rule "Birthday"\n  when 1 day before customer.birthday at 9:00\n  send email "cake"\n'
    )

    simulation = simulated(
        rules,
        {
            "ann": [(day(-9), "", {"city": "Kazan", "birthday": "1990-03-20"})],
            "bob": [(day(-9), "", {"city": "Perm"})],
        },
    )

    assert simulation.by_rule() == {"Monday": 5, "Birthday": 1}
    assert days(simulation) == [2, 9, 16, 19, 23, 30]


def test_caps_count_what_one_customer_got_and_not_others():
    rules = (
        'rule "One"\n  when cart_abandoned\n  send email "one"\n'
        'rule "Two"\n  when cart_abandoned\n  at most 1 message per day\n  send email "two"\n'
    )
    rules = rules.replace("  at most 1 message per day\n", "  at most 1 message per 7 days\n")

    simulation = simulated(
        rules,
        {
            name: [(day(2), "cart_abandoned", LEFT), (day(3), "cart_abandoned", {"cart_id": "c2"})]
            for name in ("ann", "bob")
        },
    )

    assert simulation.by_rule() == {"One": 4, "Two": 2}
    assert simulation.refused == {("Two", "cap: 1 message per 7 days"): 2}


def test_a_message_in_quiet_hours_comes_after_them():
    rules = 'rule "Cart"\n  when cart_abandoned\n  send email "cart"\n'

    simulation = simulated(
        rules,
        {"ann": [(day(2, 23), "cart_abandoned", LEFT)]},
        quiet_hours=QuietHours(start="22:00", end="09:00"),
    )

    assert days(simulation) == [3]


def test_consent_topics_and_addresses_are_those_of_the_workspace():
    rules = 'rule "Cart"\n  when cart_abandoned\n  send email "cart"\n'
    catalog = catalog_of(
        rules,
        templates={("email", "cart"): TemplateInfo(channel="email", name="cart", path="", topic="news")},
        settings={"consent": "required"},
    )
    yes = {"email": "a@example.com", "consent": {"email": True}}

    simulation = simulated(
        rules,
        {
            name: [(day(-2), "", traits), (day(2), "cart_abandoned", LEFT)]
            for name, traits in {
                "yes": yes,
                "never asked": {"email": "a@example.com"},
                "no news": {**yes, "consent": {"email": True, "news": False}},
                "no address": {"consent": {"email": True}},
            }.items()
        },
        delivery=Delivery.of(catalog),
    )

    assert simulation.reached == 1
    assert {reason for _, reason in simulation.refused} == {
        "no consent: email was never agreed to",
        "no consent: topic news refused",
        "no email address",
    }


def test_the_first_customers_are_the_first_of_all_and_not_of_each():
    rules = 'rule "Gift"\n  when cart_abandoned\n  only first 2 customers\n  send email "gift"\n'

    simulation = simulated(rules, {str(n): [(day(2), "cart_abandoned", LEFT)] for n in range(5)})

    assert simulation.total == 2


def test_promo_codes_are_counted_over_all_customers_with_what_they_are_worth():
    rules = 'rule "Back"\n  when cart_abandoned\n  issue promo "BACK"\n  send email "back"\n'
    settings: dict[str, Any] = {"pools": {"BACK": PromoPool(discount="5.50 EUR")}}

    simulation = simulated(rules, {str(n): [(day(2), "cart_abandoned", LEFT)] for n in range(3)}, **settings)
    simulation.discounts = {"BACK": "5.50 EUR", "SHARE": "10%"}

    assert simulation.promo == {"BACK": 3}
    assert simulation.costs() == {"BACK": "16.50 EUR"}


def test_overlaps_and_the_busiest_days_are_of_one_customer_each():
    rules = (
        'rule "One"\n  when cart_abandoned\n  send email "one"\nrule "Two"\n  when cart_abandoned\n  send email "two"\n'
    )

    simulation = simulated(rules, {name: [(day(2), "cart_abandoned", LEFT)] for name in ("ann", "bob")})

    assert simulation.overlaps == {("One", "Two"): 2}
    assert simulation.busiest == {2: 2}


def test_days_are_those_of_the_workspace():
    simulation = simulated(
        'rule "Cart"\n  when cart_abandoned\n  send email "cart"\n',
        {"ann": [(day(2, 22), "cart_abandoned", LEFT)]},
        timezone="Asia/Tokyo",
    )

    assert (days(simulation), simulation.zone) == ([3], ZoneInfo("Asia/Tokyo"))
