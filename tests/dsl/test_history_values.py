"""Values of history, sequences and repeated events: from the text to the plan."""

from dataclasses import replace

import pytest

from dsl import plan
from dsl.codec import from_json, to_json
from tests.dsl.shop import SHOP, codes, compile_texts, compiled, only_rule


def condition_of(written: str) -> plan.Expression:
    return only_rule(f'when cart_abandoned only if {written} send email "cart"').guards[0].condition


def currency_of(written: str) -> str | None:
    condition = condition_of(written)
    value = condition.value if isinstance(condition, plan.OneOf | plan.Between | plan.IsKnown) else condition.left  # type: ignore[union-attr]
    assert isinstance(value, plan.Tally)
    return value.currency


@pytest.mark.parametrize(
    ("written", "currency"),
    [
        ("sum of order_placed.total > 5 USD", "USD"),
        ("sum of order_placed.total between 5 USD and 9 USD", "USD"),
        ("average of order_placed.total in (5 USD, 6 USD)", "USD"),
        ("sum of order_placed.total > sum of checkout_started.total", "EUR"),
        ("average of order_placed.total is known", "EUR"),
        ("sum of order_placed.total > event.total", None),  # that of the event, when it runs
    ],
)
def test_a_sum_of_money_is_of_the_currency_beside_it_else_the_workspaces(written, currency):
    assert currency_of(written) == currency


@pytest.mark.parametrize(
    "written",
    ["sum of order_placed.total > sum of checkout_started.total", "average of order_placed.total is known"],
)
def test_without_any_currency_a_sum_of_money_is_refused(written):
    text = f'when cart_abandoned only if {written} send email "cart"'

    _, found = compile_texts({"rules/test.rules": text}, replace(SHOP, currency=None))

    assert {each.code for each in found} == {"E329"}


def test_in_brackets_a_bare_name_is_the_counted_events_and_event_stays_the_runs_own():
    condition = condition_of("count of order_placed where (cart_id is event.cart_id) in last 2 days >= 3")

    where = plan.Compare(plan.Property("cart_id", "text"), "is", plan.Property("cart_id", "text", outside=True))
    counted = plan.Tally("count", "order_placed", "number", where=where, within=plan.Length(2, "day"))
    assert condition == plan.Compare(counted, ">=", plan.Constant("number", 3))


def test_without_an_event_there_is_none_outside_the_brackets_either():
    rule = 'every monday at 9:00 for count of order_placed where (cart_id is event.cart_id) > 1 send email "hello"'

    assert "E314" in codes(rule)


def test_sequences_and_repeated_events_are_read_back_equal_from_json():
    text = (
        "when cart_abandoned then not order_placed where event.total > 5 EUR with same cart_id within 1h"
        ' then pinged within 2 days after 1h send email "cart"\n'
        'when checkout_started 3 times within 7 days with same cart_id send email "cart"\n'
        'when pinged only if days since last order_placed > 3 and last order_placed.kind is "web" send email "cart"\n'
    )
    made = compiled(text)

    sequence, times, _ = (rule.trigger for rule in made.rules)

    assert from_json(to_json(made)) == made
    assert isinstance(sequence, plan.SequenceTrigger)
    assert [(part.match.events, part.match.same, part.negated) for part in sequence.then] == [
        (("order_placed",), "cart_id", True), (("pinged",), None, False)
    ]  # fmt: skip
    assert times == plan.TimesTrigger(
        match=plan.EventMatch(events=("checkout_started",)), times=3, within=plan.Length(7, "day"), by="cart_id"
    )


@pytest.mark.parametrize("part", ["order_placd within 1h", "order_placed with same skus within 1h", "pinged within 0h"])
def test_a_mistake_in_a_part_of_a_sequence_is_told(part):
    assert codes(f'when cart_abandoned then {part} send email "cart"') != []
