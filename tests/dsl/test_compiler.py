"""What each construct of the language becomes in the plan."""

from __future__ import annotations

import pytest

from dsl import plan
from dsl.codec import UnreadablePlan, from_json, to_json
from dsl.plan import Attribute, Compare, Constant, Length, Property
from tests.dsl.shop import SHOP, codes, compile_texts, compiled, only_rule

RUB_1500 = Constant("money", {"amount": "1500", "currency": "RUB"})


def condition_of(text: str) -> plan.Expression:
    return only_rule(f'when cart_abandoned only if {text} send email "cart"').guards[0].condition


def where_of(text: str) -> plan.Expression:
    where = only_rule(f'when cart_abandoned where {text} send email "cart"').trigger.match.where
    assert where is not None
    return where


def test_a_full_rule_becomes_flat_steps_with_jumps():
    rule = only_rule(
        """rule "Abandoned cart"
          when cart_abandoned where event.total > 1500 RUB after 1h
          owner "anna"
          only if customer.email is known
          stop when order_placed with same cart_id
          goal order_placed within 7 days
          once per event.cart_id per 7 days
          send email "cart"
          wait until 10:00
          if customer.tier is "gold" then
            add tag "vip"
          else
            split "Discount"
              45% "none": send email "cart"
              45% "ten": send email "promo" with discount = 10%
              10% holdout
            end
          end"""
    )

    assert rule.name == "Abandoned cart"
    assert rule.trigger.delay == Length(1, "hour")
    assert rule.trigger.match.where == Compare(Property("total", "money"), ">", RUB_1500)
    assert rule.stops[0].match.same == "cart_id"
    assert rule.goal is not None
    assert rule.goal.within == Length(7, "day")
    assert rule.once == plan.OncePer(key=Property("cart_id", "text"), window=Length(7, "day"))
    assert rule.steps == (
        plan.Send(channel="email", template="cart", line=8),
        plan.WaitUntil(mode="clock", time="10:00", line=9),
        plan.JumpUnless(condition=Compare(Attribute("tier", "text"), "is", Constant("text", "gold")), at=5, line=10),
        plan.SetTag(tag="vip", add=True, line=11),
        plan.Jump(at=10),
        plan.Split(
            name="Discount",
            arms=(
                plan.Arm(label="none", share=4500, at=6),
                plan.Arm(label="ten", share=4500, at=8),
                plan.Arm(label="holdout", share=1000, at=None),
            ),
            line=13,
        ),
        plan.Send(channel="email", template="cart", line=14),
        plan.Jump(at=10),
        plan.Send(channel="email", template="promo", variables=(("discount", Constant("percent", 10)),), line=15),
        plan.Jump(at=10),
    )


def test_a_plan_of_every_construct_survives_its_json():
    made = compiled(
        """let big = 5000 RUB
        let cities = ("Moscow", "Kazan")
        define reachable means customer.email is known and not customer.city in cities
        rule "All" when order_placed or cart_abandoned where event.total between 1 RUB and big after 5s
          only if reachable unless order_placed in last 3 days stop when visit_booked
          once per customer if repeated restart priority 5 active from 2026-01-01 until 2026-12-31
          timezone "Europe/Moscow" description "d" transactional
          send email "promo" with discount = 12.5% unless customer.balance > big
          wait 2 days
          wait until tomorrow 9:30
          wait until friday 10:00
          wait until 2026-12-31 10:00
          wait until 2 days before customer.birthday at 10:00 or now
          wait until 2 months after start
          wait for order_placed where event.kind is "web" up to 2 days
          if arrived then exit else if customer.sizes contains 42 then add tag "x" end
          set customer.city to "Kazan"
          remove tag "lead"
          emit pinged with n = 3"""
    )

    assert from_json(to_json(made)) == made
    assert made.events["order_placed"] == plan.EventFacts(
        key="order_id", properties={"order_id": "text", "cart_id": "text", "total": "money", "kind": "text"}
    )
    assert made.timezone == "Europe/Berlin"


def test_a_plan_of_an_older_format_is_read_and_one_of_a_newer_is_refused():
    stored = to_json(plan.Plan(timezone="Europe/Berlin"))

    older = from_json({**stored, "format": plan.FORMAT - 1})
    with pytest.raises(UnreadablePlan, match="is newer than"):
        from_json({**stored, "format": plan.FORMAT + 1})

    assert older.timezone == "Europe/Berlin"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            'customer.city is "Kazan"', Compare(Attribute("city", "text"), "is", Constant("text", "Kazan")), id="is"
        ),
        pytest.param(
            "customer.age >= 18", Compare(Attribute("age", "number"), ">=", Constant("number", 18)), id="number"
        ),
        pytest.param(
            "customer.subscribed is no",
            Compare(Attribute("subscribed", "flag"), "is", Constant("flag", False)),
            id="flag",
        ),
        pytest.param("customer.city is unknown", plan.Not(plan.IsKnown(Attribute("city", "text"))), id="unknown"),
        pytest.param(
            "customer.birthday < 2000-01-01",
            Compare(Attribute("birthday", "date", repeats=True), "<", Constant("date", "2000-01-01")),
            id="date",
        ),
        pytest.param(
            "customer.last_visit > 2026-01-01",
            Compare(Attribute("last_visit", "moment"), ">", Constant("date", "2026-01-01")),
            id="the day of a moment",
        ),
        pytest.param(
            'customer.city in ("Moscow", "Kazan")',
            plan.OneOf(Attribute("city", "text"), (Constant("text", "Moscow"), Constant("text", "Kazan"))),
            id="in",
        ),
        pytest.param(
            'customer.city not in ("Moscow")',
            plan.Not(plan.OneOf(Attribute("city", "text"), (Constant("text", "Moscow"),))),
            id="not in",
        ),
        pytest.param(
            'customer.tags contains "vip"',
            plan.Contains(Attribute("tags", "list of text"), Constant("text", "vip")),
            id="tags",
        ),
        pytest.param(
            'customer.email starts with "a"',
            plan.StartsWith(Attribute("email", "text"), Constant("text", "a")),
            id="starts",
        ),
        pytest.param("order_placed", plan.Happened("order_placed"), id="since the run began"),
        pytest.param("order_placed in last 3 days", plan.Happened("order_placed", Length(3, "day")), id="in last"),
        pytest.param(
            "customer.last_visit in last 14 days",
            plan.InLast(Attribute("last_visit", "moment"), Length(14, "day")),
            id="date in last",
        ),
    ],
)
def test_a_condition_becomes_a_typed_expression(text: str, expected: plan.Expression):
    assert condition_of(text) == expected


def test_a_dotted_property_reads_inside_an_object():
    rule = only_rule('when visit_booked where event.address.city is "Kazan" send email "cart"')

    assert rule.trigger.match.where == Compare(Property("address.city", "text"), "is", Constant("text", "Kazan"))


def test_amounts_keep_their_cents():
    assert where_of("event.total > 9.50 EUR") == Compare(
        Property("total", "money"), ">", Constant("money", {"amount": "9.50", "currency": "EUR"})
    )


def test_a_definition_is_computed_where_it_is_used():
    made, found = compile_texts(
        {
            "rules/cart.rules": 'use "common.rules"\nwhen cart_abandoned only if big send email "cart"',
            "rules/common.rules": "let much = 100 EUR\ndefine big means event.total > much",
        }
    )

    assert found == []
    assert made is not None
    assert made.rules[0].guards[0].condition == Compare(
        Property("total", "money"), ">", Constant("money", {"amount": "100", "currency": "EUR"})
    )
    assert made.rules[0].guards[0].text == "only if big"


def test_a_definition_that_reads_the_event_is_refused_where_the_event_lacks_it():
    _, found = compile_texts(
        {
            "rules/cart.rules": 'use "common.rules"\nwhen ponged only if big send email "cart"',
            "rules/common.rules": "define big means event.total > 100 EUR",
        }
    )

    assert [(each.code, each.source.path) for each in found] == [("E205", "rules/common.rules")]


def test_rules_act_by_priority_then_file_then_line():
    made, _ = compile_texts(
        {
            "rules/b.rules": 'rule "b1" when pinged add tag "x"\nrule "b2" when pinged priority 9 add tag "y"',
            "rules/a.rules": 'rule "a1" when pinged add tag "z"',
        }
    )

    assert made is not None
    assert [rule.name for rule in made.rules] == ["b2", "a1", "b1"]


def test_a_made_name_does_not_change_when_other_rules_do():
    text = 'when order_placed send email "cart"'

    alone = only_rule(text).name
    among = [rule.name for rule in compiled(f'when pinged add tag "x"\nrule "A" when ponged add tag "y"\n{text}').rules]

    assert alone == "rules/test.rules: order_placed, email cart"
    assert alone in among


def test_equal_rules_without_names_are_numbered():
    text = 'when order_placed send email "cart"'

    assert [rule.name for rule in compiled(f"{text}\n{text}").rules] == [
        "rules/test.rules: order_placed, email cart",
        "rules/test.rules: order_placed, email cart (2)",
    ]


def test_splits_and_parts_without_names_get_them_by_place():
    rule = only_rule(
        """when pinged
          split 50%: add tag "a" 50%: add tag "b" end
          split 30%: add tag "c" 70%: add tag "d" end"""
    )

    splits = [step for step in rule.steps if isinstance(step, plan.Split)]
    assert [split.name for split in splits] == ["split", "split 2"]
    assert [arm.label for arm in splits[0].arms] == ["A", "B"]


def test_shares_are_exact_to_a_hundredth_of_a_percent():
    rule = only_rule('when pinged split "s" 33.33% "a": exit 33.33% "b": exit 33.34% "c": exit end')

    split = rule.steps[0]
    assert isinstance(split, plan.Split)
    assert [arm.share for arm in split.arms] == [3333, 3333, 3334]


def test_the_last_true_branch_falls_through_to_the_next_step():
    rule = only_rule(
        'when pinged if customer.age > 1 then add tag "a" else if customer.age > 0 then add tag "b" end exit'
    )

    assert [type(step).__name__ for step in rule.steps] == [
        "JumpUnless", "SetTag", "Jump", "JumpUnless", "SetTag", "Exit",
    ]  # fmt: skip
    assert isinstance(rule.steps[0], plan.JumpUnless)
    assert rule.steps[0].at == 3
    assert rule.steps[2] == plan.Jump(at=5)
    assert isinstance(rule.steps[3], plan.JumpUnless)
    assert rule.steps[3].at == 5


def test_late_after_is_72_hours_unless_the_schema_says_more():
    made = compiled('when pinged add tag "x"')

    assert made.events["pinged"].late_after == Length(72, "hour")


def test_leap_day_comes_from_the_workspace():
    catalog = type(SHOP)(events=SHOP.events, settings={"leap_day": "1 march"})

    made, _ = compile_texts({"rules/a.rules": 'when pinged add tag "x"'}, catalog)

    assert made is not None
    assert made.leap_day == "1 march"


def test_one_mistake_is_one_finding():
    assert codes('when cart_abandonned where event.total > 5 send email "cart"') == ["E201"]


def test_a_mistake_of_a_definition_is_reported_once_for_all_its_uses():
    rules = "\n".join(f'rule "{n}" when pinged only if bad send email "cart"' for n in range(3))

    assert codes(f"define bad means customer.citty is known\n{rules}") == ["E203"]


def test_a_rule_with_an_error_leaves_no_plan():
    made, found = compile_texts({"rules/a.rules": 'when pinged send email "nope"'})

    assert made is None
    assert [each.code for each in found] == ["E204"]


def test_a_warning_leaves_the_plan():
    made, found = compile_texts({"rules/a.rules": 'when checkout_started after 1h send email "cart"'})

    assert made is not None
    assert [each.code for each in found] == ["W501"]
