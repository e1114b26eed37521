"""Rules that start without an event, compiled: triggers, segments, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dsl import plan
from dsl.codec import from_json, to_json
from tests.dsl.shop import SHOP, codes, compile_texts, compiled, only_rule

TIER = plan.Attribute("tier", "text")
BIRTHDAY = plan.Attribute("birthday", "date", repeats=True)
DAYS = plan.Length(3, "day")
SEND = ' send email "cart"'
VIP = 'segment vip means customer.tier is "gold"\n'


@pytest.mark.parametrize(
    ("written", "trigger"),
    [
        (
            'when customer.tier changes to "gold" after 3 days',
            plan.ChangeTrigger(attribute=TIER, to=plan.Constant("text", "gold"), delay=DAYS),
        ),
        ("when customer.tier changes", plan.ChangeTrigger(attribute=TIER)),
        (
            "when 3 days before customer.birthday at 10:00",
            plan.DateTrigger(attribute=BIRTHDAY, time="10:00", offset=DAYS, before=True),
        ),
        ("when customer.birthday at 9:05", plan.DateTrigger(attribute=BIRTHDAY, time="09:05")),
        ("when no order_placed for 3 days", plan.InactivityTrigger(event="order_placed", length=DAYS)),
        ("every day at 9:00 for everyone", plan.ScheduleTrigger(time="09:00", weekdays=(1, 2, 3, 4, 5, 6, 7))),
        (
            "every 2 weeks on monday at 9:00 for everyone",
            plan.ScheduleTrigger(time="09:00", weekdays=(1,), every_weeks=2),
        ),
        ("every month on last day at 9:00 for everyone", plan.ScheduleTrigger(time="09:00", monthly=True)),
        ("every month on 31 at 9:00 for everyone", plan.ScheduleTrigger(time="09:00", monthly=True, day=31)),
        ("каждый месяц 1 числа в 9:00 для всех", plan.ScheduleTrigger(time="09:00", monthly=True, day=1)),
        ("каждый месяц числа 1 в 9:00 для всех", plan.ScheduleTrigger(time="09:00", monthly=True, day=1)),
        ("every year on 25 december at 9:00 for everyone", plan.ScheduleTrigger(time="09:00", yearly=(12, 25))),
        ("on 2026-12-31 at 10:00 for everyone", plan.ScheduleTrigger(time="10:00", date="2026-12-31")),
        (
            "every monday at 9:00 for customer not in vip",
            plan.ScheduleTrigger(time="09:00", weekdays=(1,), audience=plan.Not(plan.InSegment("vip"))),
        ),
        ("when customer leaves vip", plan.SegmentTrigger(segment="vip", enters=False)),
    ],
)
def test_a_rule_starts_with(written: str, trigger: plan.Trigger):
    found = compiled(VIP + written + SEND)

    assert found.rules[0].trigger == trigger
    assert from_json(to_json(found)) == found


def test_a_definition_that_is_formatted_anew_is_the_same_and_another_one_is_not():
    inner = (
        'segment vip means customer.tier is "gold"\nsegment local means customer in vip and customer.city is "Riga"\n'
    )
    plain, spaced = compiled(inner), compiled(inner.replace(" is ", "  is   "))
    other_inner = compiled(inner.replace("gold", "silver"))

    assert plain.segments["local"].hash == spaced.segments["local"].hash
    assert plain.segments["local"].hash != other_inner.segments["local"].hash


def test_a_definition_says_another_thing_in_another_zone_or_currency():
    texts = {"rules/a.rules": VIP}
    hashes = set()
    for catalog in (SHOP, replace(SHOP, timezone="UTC"), replace(SHOP, currency="RUB")):
        found, _ = compile_texts(texts, catalog)
        assert found is not None
        hashes.add(found.segments["vip"].hash)

    assert len(hashes) == 3


def test_segments_of_files_that_are_used_can_be_asked_and_entered():
    texts = {
        "rules/common.rules": VIP,
        "rules/a.rules": 'use "common.rules"\nwhen customer enters vip only if customer in vip send email "cart"',
    }

    found, mistakes = compile_texts(texts)

    assert [each.code for each in mistakes] == []
    assert found is not None
    assert list(found.segments) == ["vip"]


def test_catch_up_is_a_fact_of_the_rule():
    rule = only_rule("every monday at 9:00 for everyone catch up within 3 days" + SEND)

    assert rule.catch_up == DAYS
    assert codes("every monday at 9:00 for everyone catch up within 3 days catch up within 1h" + SEND) == ["E323"]


@pytest.mark.parametrize("condition", ["arrived", "issued", "order_placed", "event.total > 5 EUR", "customer in vip"])
def test_a_segment_asks_about_customers_only(condition: str):
    assert codes(f"segment vip means {condition}\nwhen pinged" + SEND)


@pytest.mark.parametrize(
    "guard", ["once per event.cart_id", "only if event.total > 5 EUR", "stop when order_placed with same cart_id"]
)
def test_d19_event_is_refused_in_every_rule_that_has_none(guard: str):
    starts = ["when customer.tier changes", "when no pinged for 3 days", "when customer.birthday at 9:00"]
    starts += ["every monday at 9:00 for everyone", "when customer enters vip"]

    assert [codes(f"{VIP}{start} {guard}{SEND}") for start in starts] == [["E314"]] * len(starts)


def test_what_an_audience_asks_is_known_when_the_mail_is_sent():
    sends = ' send email "hello"'

    assert codes("every monday at 9:00 for everyone" + sends) == ["W541"]
    assert codes("every monday at 9:00 for customer.first_name is known" + sends) == []
