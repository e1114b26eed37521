"""Titles of the schema in place of names: the same plan comes out."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from dsl import plan
from dsl.catalog import Catalog, EventType
from dsl.compiler import compile_rules
from dsl.diagnostics import Diagnostic
from dsl.formatter import format_source, kind_of
from dsl.kinds import Kind
from dsl.parser import parse_file, parse_tests
from dsl.resolve import resolve
from dsl.source import Source
from engine.testing.cases.running import run_file
from engine.testing.reading.ground import Workspace
from tests.dsl.shop import EVENTS, SHOP


def titled(kind: Kind, title: str) -> Kind:
    return replace(kind, title={"ru": title})


def titled_event(event: EventType, title: str, **properties: str) -> EventType:
    kinds = {name: titled(event.properties[name], text) for name, text in properties.items()}
    return replace(event, title={"ru": title}, properties={**event.properties, **kinds})


CART, ORDER, VISIT = EVENTS[0], EVENTS[1], EVENTS[2]
TITLED = replace(
    SHOP,
    events={
        **SHOP.events,
        CART.name: titled_event(CART, "Брошена корзина", cart_id="номер корзины", total="сумма"),
        ORDER.name: titled_event(ORDER, "заказ оформлён", cart_id="номер корзины", total="сумма заказа"),
        VISIT.name: titled_event(VISIT, "запись", visit_at="начало"),
    },
    attributes={**SHOP.attributes, "city": titled(SHOP.attributes["city"], "город")},
)


def compiled(rules: str, catalog: Catalog = TITLED) -> tuple[plan.Plan | None, list[Diagnostic]]:
    file, mistakes = parse_file(Source("rules/test.rules", rules))
    assert mistakes == []
    return compile_rules([file], catalog)


def meaning(rules: plan.Plan | None) -> str:
    """Without the words that guards quote from the file."""
    assert rules is not None
    return re.sub(r"text='[^']*'", "", repr(rules))


@pytest.mark.parametrize(
    ("with_titles", "with_names"),
    [
        pytest.param(
            'когда брошена_корзина через 1 час отправить письмо "cart"',
            'когда cart_abandoned через 1 час отправить письмо "cart"',
            id="an event",
        ),
        pytest.param(
            'когда Заказ_Оформлен отправить письмо "cart"',
            'когда order_placed отправить письмо "cart"',
            id="any case, е for ё",
        ),
        pytest.param(
            'когда брошена_корзина где событие.сумма > 5 EUR отправить письмо "cart"',
            'когда cart_abandoned где событие.total > 5 EUR отправить письмо "cart"',
            id="a property of the event",
        ),
        pytest.param(
            'когда cart_abandoned только если клиент.город равно "Казань" отправить письмо "cart"',
            'когда cart_abandoned только если клиент.city равно "Казань" отправить письмо "cart"',
            id="an attribute",
        ),
        pytest.param(
            "когда брошена_корзина прекратить при заказ_оформлен с тем же номер_корзины "
            'один раз на событие.номер_корзины за 7 дней отправить письмо "cart"',
            "когда cart_abandoned прекратить при order_placed с тем же cart_id "
            'один раз на событие.cart_id за 7 дней отправить письмо "cart"',
            id="keys",
        ),
        pytest.param(
            "когда брошена_корзина дождаться заказ_оформлен где событие.сумма_заказа > 5 EUR не дольше 2 дней "
            "если пришло то добавить метку «да» конец",
            "когда cart_abandoned дождаться order_placed где событие.total > 5 EUR не дольше 2 дней "
            "если пришло то добавить метку «да» конец",
            id="the event that comes later",
        ),
        pytest.param(
            "сегмент vip это число заказ_оформлен где (сумма_заказа > 5 EUR) за последние 30 дней > 3\n"
            'когда клиент входит в vip отправить письмо "cart"',
            "сегмент vip это число order_placed где (total > 5 EUR) за последние 30 дней > 3\n"
            'когда клиент входит в vip отправить письмо "cart"',
            id="history",
        ),
    ],
)
def test_a_rule_with_titles_is_the_rule_with_names(with_titles: str, with_names: str):
    found, mistakes = compiled(with_titles)
    expected, _ = compiled(with_names)

    assert [each.message for each in mistakes if each.code.startswith("E")] == []
    assert meaning(found) == meaning(expected)


def test_a_name_defined_in_the_file_comes_before_a_title():
    rules = 'условие запись это клиент.age > 18\nкогда cart_abandoned только если запись отправить письмо "cart"'

    found, _ = compiled(rules)

    assert found is not None
    assert meaning(found) == meaning(compiled(rules.replace("запись", "взрослый"))[0])


def test_a_title_that_two_events_share_names_neither():
    events = {**TITLED.events, "ponged": replace(SHOP.events["ponged"], title={"ru": "запись"})}

    _, mistakes = compiled('когда запись отправить письмо "cart"', replace(TITLED, events=events))

    assert [each.code for each in mistakes] == ["E201"]


def test_the_formatter_leaves_titles_as_they_are():
    rules = '# language: ru\n\nкогда брошена_корзина через 1 час отправить письмо "cart"\n'

    assert format_source(Source("cart.rules", rules), kind_of("cart.rules")).text == rules


def test_a_test_file_may_use_titles_too():
    rules = 'правило "К" когда брошена_корзина где событие.сумма > 5 EUR отправить письмо "cart"'
    tests = """
тест "дорогая корзина"
  клиент анна с email = "a@example.com", город = "Казань"
  в момент 2026-03-02 10:00 брошена_корзина с номер_корзины = "c-1", сумма = 9 EUR
  ожидаем письмо "cart" в 10:00
"""
    file = parse_file(Source("rules/cart.rules", rules))[0]
    found, _ = compile_rules([file], TITLED)
    assert found is not None
    workspace = Workspace(plan=found, catalog=TITLED, names=resolve([file], TITLED, []))

    [result] = run_file(parse_tests(Source("rules/cart.test.rules", tests))[0], workspace)

    assert result.status == "passed", (result.failures, result.diagnostics)


@pytest.mark.parametrize(
    ("condition", "code", "meant"),
    [
        pytest.param('город это "Москва"', "E206", "customer.city", id="a title without whose it is"),
        pytest.param('Горд это "Москва"', "E206", "customer.city", id="a misspelt title without whose it is"),
        pytest.param('customer.горд это "Москва"', "E203", "city", id="a misspelt title of an attribute"),
        pytest.param('event.номер_карзины это "c-1"', "E205", "cart_id", id="a misspelt title of a property"),
    ],
)
def test_a_title_that_is_not_quite_right_is_understood_and_put_right(condition: str, code: str, meant: str):
    _, found = compiled(f'когда cart_abandoned только если {condition} отправить письмо "cart"')

    assert [(each.code, [fix.title for fix in each.fixes]) for each in found] == [(code, [meant])]
