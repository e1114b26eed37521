"""Checks of whole rules: where they speak up, and where they hold their tongue."""

from __future__ import annotations

import pytest

from dsl.catalog import Catalog, TemplateUse
from tests.dsl.shop import SHOP, codes, compile_texts, template


def with_template(*uses: TemplateUse) -> Catalog:
    return Catalog(
        events=SHOP.events,
        attributes=SHOP.attributes,
        templates={("email", "t"): template("t", *uses)},
    )


def reads(*path: str, has_default: bool = False) -> TemplateUse:
    return TemplateUse(path=path, line=1, has_default=has_default)


def codes_with(catalog: Catalog, text: str) -> list[str]:
    return [each.code for each in compile_texts({"rules/test.rules": text}, catalog)[1]]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("when pinged once per 1 day emit pinged", id="once per"),
        pytest.param("when pinged where event.n is 1 emit pinged with n = 2", id="where that the emitted event misses"),
        pytest.param("when pinged where event.n is known emit pinged", id="a property that is not emitted"),
        pytest.param(
            'when pinged only if customer.city is unknown set customer.city to "Kazan" emit pinged',
            id="a guard on what the rule changes",
        ),
        pytest.param(
            "when pinged unless ponged in last 1 day emit ponged\nwhen ponged emit pinged", id="a guard on history"
        ),
        pytest.param(
            "define fresh means customer.city is unknown\n"
            'when pinged if fresh then set customer.city to "x" emit pinged end',
            id="a branch on what the rule changes, by a definition",
        ),
        pytest.param(
            'when pinged unless customer.tags contains "done" add tag "done" emit pinged', id="a tag that it adds"
        ),
        pytest.param(
            'when pinged only if customer.tags contains "todo" remove tag "todo" emit pinged',
            id="a tag that it removes",
        ),
        pytest.param(
            'when pinged only if customer.city is "Kazan" set customer.city to "Perm" emit pinged', id="another value"
        ),
        pytest.param(
            "when pinged only if customer.city is known set customer.city to event.coupon emit pinged",
            id="a value that may be missing",
        ),
        pytest.param("when pinged emit ponged", id="no circle"),
    ],
)
def test_a_circle_with_an_end_is_no_mistake(text: str):
    assert "E313" not in codes(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("when pinged emit pinged", id="one rule"),
        pytest.param("when pinged where event.n is 2 emit pinged with n = 2", id="where that the emitted event meets"),
        pytest.param("when pinged where event.n is not 1 emit pinged", id="where that a missing property meets"),
        pytest.param("when pinged where event.n > 1 emit pinged with n = event.n", id="where that nobody can tell"),
        pytest.param("when pinged only if customer.age > 18 emit pinged", id="a guard that the circle does not touch"),
        pytest.param("when pinged after 30 days emit pinged", id="a slow one"),
        pytest.param(
            'when pinged only if customer.city is "Kazan" set customer.city to "Kazan" emit pinged',
            id="the value that it asks for",
        ),
        pytest.param(
            'when pinged only if customer.city is known set customer.city to "Kazan" emit pinged', id="it stays known"
        ),
        pytest.param(
            "when pinged only if ponged in last 1 day emit ponged\nwhen ponged emit pinged",
            id="a guard that the circle itself keeps true",
        ),
        pytest.param(
            'when pinged only if customer.tags contains "vip" add tag "vip" emit pinged', id="a tag that stays"
        ),
        pytest.param(
            "when pinged emit ponged\nwhen ponged emit pinged\nwhen pinged once per 1 day emit ponged",
            id="beside a good one",
        ),
    ],
)
def test_a_circle_without_an_end_is_one_mistake(text: str):
    assert [code for code in codes(text) if code == "E313"] == ["E313"]


FIRST_NAME = reads("customer", "first_name")


@pytest.mark.parametrize(
    "text",
    [
        'when pinged only if customer.first_name is known send email "t"',
        'when pinged only if customer.first_name is "Anna" and customer.age > 3 send email "t"',
        'when pinged where customer.first_name is known send email "t"',
        'define named means not customer.first_name is unknown\nwhen pinged only if named send email "t"',
        'when pinged if customer.first_name is known then send email "t" end',
        'when pinged only if customer.first_name starts with "A" or customer.first_name is "B" send email "t"',
        'when pinged set customer.first_name to "friend" send email "t"',
    ],
)
def test_a_value_that_the_rule_makes_sure_of_is_no_hole(text: str):
    assert codes_with(with_template(FIRST_NAME), text) == []


@pytest.mark.parametrize(
    "text",
    [
        'when pinged send email "t"',
        'when pinged unless customer.first_name is known send email "t"',
        'when pinged only if customer.first_name is known or customer.age > 3 send email "t"',
        'when pinged only if customer.first_name is not "Anna" send email "t"',
        'when pinged if customer.first_name is known then exit else send email "t" end',
    ],
)
def test_a_value_that_may_be_missing_is_a_hole(text: str):
    assert "W541" in codes_with(with_template(FIRST_NAME), text)


def test_a_template_may_care_for_itself():
    assert (
        codes_with(with_template(reads("customer", "first_name", has_default=True)), 'when pinged send email "t"') == []
    )


def test_the_address_of_a_mail_is_always_known():
    assert codes_with(with_template(reads("customer", "email")), 'when pinged send email "t"') == []


@pytest.mark.parametrize("path", [("workspace", "name"), ("message", "id"), ("unsubscribe_url",), ("locale",)])
def test_what_every_template_has_need_not_be_given(path: tuple[str, ...]):
    assert codes_with(with_template(reads(*path)), 'when pinged send email "t"') == []


def test_a_variable_that_may_be_missing_is_a_hole_in_the_template_that_reads_it():
    catalog = with_template(reads("code"))

    found = codes_with(catalog, 'when visit_booked send email "t" with code = event.coupon')

    assert found == ["W541"]
    assert (
        codes_with(catalog, 'when visit_booked where event.coupon is known send email "t" with code = event.coupon')
        == []
    )
    assert codes_with(catalog, 'when visit_booked send email "t" with code = "X"') == []


def test_an_unknown_attribute_of_a_template_is_reported_once_for_all_its_rules():
    rules = "\n".join(f'rule "{number}" when pinged send email "t"' for number in range(3))

    assert codes_with(with_template(reads("customer", "nme")), rules) == ["E214"]


def test_what_is_read_of_an_unknown_property_is_no_mistake_of_its_own():
    items, name, own = reads("event", "items"), reads("event", "items", "[]", "name"), reads("event", "size", "x")
    catalog = with_template(name, items, own)

    _, found = compile_texts({"rules/test.rules": 'when pinged send email "t"'}, catalog)

    told = [each.message.split("reads ")[1].split(",")[0] for each in found if each.code == "E214"]
    assert sorted(told) == ["{{ event.items }}", "{{ event.size.x }}"]


def test_a_property_must_be_in_every_event_of_the_rule():
    catalog = with_template(reads("event", "total"))

    assert codes_with(catalog, 'when order_placed or cart_abandoned send email "t"') == []
    assert codes_with(catalog, 'when order_placed or pinged send email "t"') == ["E214"]


@pytest.mark.parametrize(
    "text",
    [
        'when checkout_started after 1h stop when order_placed send email "cart"',
        'when checkout_started after 1h unless order_placed in last 1h send email "cart"',
        'when checkout_started after 1h send email "cart" unless order_placed',
        'when cart_abandoned after 1h send email "cart"',
        'when checkout_started send email "cart"',
        'when checkout_started after 1h add tag "x"',
    ],
)
def test_a_guarded_delay_is_left_alone(text: str):
    assert codes(text) == []


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("customer.age between 5 and 5", False),
        ("customer.age > 5 and customer.age < 5", True),
        ("customer.age >= 5 and customer.age <= 5", False),
        ("customer.age is 5 and customer.age > 5", True),
        ("customer.age is 5 and customer.age is 5", False),
        ("customer.balance > 100 EUR and customer.balance < 50 EUR", True),
        ("customer.balance > 100 EUR and customer.balance < 50 USD", False),
        ("customer.last_visit > 2026-02-01 and customer.last_visit < 2026-01-01", True),
        ('customer.city is "A" or customer.city is "B"', False),
    ],
)
def test_a_condition_that_excludes_itself_is_never_true(text: str, never: bool):
    assert ("W520" in codes(f'when pinged only if {text} add tag "x"')) is never


def test_a_use_may_be_repeated_and_reached_on_two_ways():
    made, found = compile_texts(
        {
            "rules/a.rules": 'use "b.rules"\nuse "c.rules"\nuse "b.rules"\nwhen pinged only if much add tag "x"',
            "rules/b.rules": "let limit = 5",
            "rules/c.rules": 'use "b.rules"\ndefine much means customer.age > limit',
        }
    )

    assert found == []
    assert made is not None


def test_a_name_that_two_used_files_define_is_refused_where_they_meet():
    _, found = compile_texts(
        {
            "rules/a.rules": 'use "b.rules"\nuse "c.rules"',
            "rules/b.rules": "let limit = 5",
            "rules/c.rules": "let limit = 6",
        }
    )

    assert [(each.code, each.source.path, each.source.slice(each.span)) for each in found] == [
        ("E211", "rules/a.rules", '"c.rules"')
    ]


def test_what_a_used_file_uses_is_not_seen():
    _, found = compile_texts(
        {
            "rules/a.rules": 'use "c.rules"\nwhen pinged only if customer.age > limit add tag "x"',
            "rules/b.rules": "let limit = 5",
            "rules/c.rules": 'use "b.rules"',
        }
    )

    assert [each.code for each in found] == ["E206"]


def test_a_used_file_is_found_beside_the_file_and_from_rules():
    made, found = compile_texts(
        {
            "rules/sale/a.rules": 'use "near.rules"\nuse "far.rules"\nuse "../far.rules"\n'
            'when pinged only if customer.age between near and far add tag "x"',
            "rules/sale/near.rules": "let near = 1",
            "rules/far.rules": "let far = 9",
        }
    )

    assert found == []
    assert made is not None
