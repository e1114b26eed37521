"""What a customer reads: languages, money, dates, empty values, layouts, the text part."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import TemplateFailed
from engine.rendering.email import MailRequest, MailTemplates, RenderedMail

HEAD = "---\nsubject: S\n---\n"


def mail(source: str, files: dict[str, str] | None = None, **request: Any) -> RenderedMail:
    templates = MailTemplates({"email/t.html": source, **(files or {})})
    return templates.mail(MailRequest(template="t", **({"event": {}, "customer": {}} | request)))


def shown(expression: str, **request: Any) -> str | None:
    return mail(HEAD + expression, **request).html


@pytest.mark.parametrize(
    ("expression", "locale", "expected"),
    [
        ("{{ event.total|money }}", "en", "€45.50"),
        ("{{ event.total|money }}", "ru", "45,50 €"),
        ("{{ event.total|money }}", "de-DE", "45,50 €"),
        ("{{ event.roubles|money }}", "ru", "4 200,00 ₽"),
        ("{{ event.price|money }}", "en", "€9.90"),
        ("{{ event.price|money('USD') }}", "en", "$9.90"),
        ("{{ 14|money }}", "en", "€14.00"),
        ("{{ 14|money(whole=true) }}", "en", "€14"),
        ("{{ event.total|money(whole=true) }}", "en", "€45.50"),
        ("{{ event.roubles|money(whole=true) }}", "ru", "4 200 ₽"),
        ("{{ event.text|money('JPY') }}", "en", "¥1,234"),
        ("{{ event.written|money }}", "en", "$42.50"),
        ("{{ event.written|money }}", "ru", "42,50 $"),
        ("{{ event.written|money('EUR') }}", "en", "$42.50"),
        ("{{ event.within|money }}", "en", "€42.00"),
        ("{{ event.comma|money(whole=true) }}", "en", "-€1,500"),
        ("{{ event.fine|money('XAU') }}", "en", "XAU0.12"),
        ("{{ event.count|number }}", "en", "1,234,567"),
        ("{{ event.count|number }}", "ru", "1 234 567"),
        ("{{ event.price|number(2) }}", "de", "9,90"),
        ("{{ event.day|date }}", "en", "March 1, 2026"),
        ("{{ event.day|date }}", "ru", "1 марта 2026 г."),
        ("{{ event.day|date('d MMMM') }}", "ru", "1 марта"),
        ("{{ event.at|date('short') }}", "en", "3/2/26"),
        ("{{ event.at|time }}", "ru", "02:30"),
        ("{{ event.at|date('EEEE') }}", "en", "Monday"),
        ("{{ 1 }} {{ 1|plural('товар', 'товара', 'товаров') }}", "ru", "1 товар"),
        ("{{ 3|plural('товар', 'товара', 'товаров') }}", "ru", "товара"),
        ("{{ 11|plural('товар', 'товара', 'товаров') }}", "ru", "товаров"),
        ("{{ 2|plural('item', 'items') }}", "en", "items"),
        ("{{ event.total|money }}", "xx-nonsense", "€45.50"),
    ],
)
def test_values_are_shown_in_the_customers_language_and_zone(expression: str, locale: str, expected: str):
    event = {
        "total": {"amount": "45.50", "currency": "EUR"},
        "roubles": {"amount": "4200.00", "currency": "RUB"},
        "price": 9.9,
        "text": "1234",
        "written": "42,50 usd",
        "within": {"amount": "42 EUR", "currency": "USD"},
        "comma": " -1500,00",
        "fine": "0.12345678",
        "count": 1234567,
        "day": "2026-03-01",
        "at": "2026-03-01T23:30:00Z",
    }

    found = shown(expression, event=event, locale=locale, timezone="Europe/Moscow", currency="EUR")

    assert (found or "").replace("\xa0", " ").replace("\u202f", " ") == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("{{ event.total | money }}", "$12.50", id="beside it"),
        pytest.param('{{ event["total"] | money }}', "$12.50", id="beside it, in brackets"),
        pytest.param("{% for item in event.items %}{{ item.price | money }} {% endfor %}", "$4.00 £5.00 ", id="items"),
        pytest.param("{{ event.own | money }}", "¥7", id="its own"),
        pytest.param("{{ event.total | money('CHF') }}", "CHF12.50", id="the template's"),
        pytest.param("{{ customer.saved | money }}", "€3.00", id="of a customer"),
        pytest.param("{{ (event.total * 2) | money }}", "$25.00", id="reckoned"),
        pytest.param("{{ event.total | money(times=3) }}", "$37.50", id="several"),
        pytest.param("{{ event.own | money(times=event.nothing) }}", "¥7", id="a number of them that is missing"),
        pytest.param("{{ event.abroad.total | money }}", "12.5", id="a sign that is no code"),
    ],
)
def test_an_amount_is_of_the_currency_that_stands_beside_it(source: str, expected: str):
    event = {
        "total": 12.5,
        "currency": "usd",
        "own": "7 JPY",
        "items": [{"price": 4}, {"price": 5, "currency": "GBP"}],
        "abroad": {"total": 12.5, "currency": "zł"},
    }

    found = mail(HEAD + source, event=event, customer={"saved": 3, "currency": "PLN"}, currency="EUR")

    assert (found.html or "").replace("\xa0", " ") == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ customer.name }}", ""),
        ("{{ customer.name.first.letter }}", ""),
        ("{{ nothing }}", ""),
        ("{% for x in event.items %}x{% endfor %}", ""),
        ("{% if event.total > 5 %}a{% else %}b{% endif %}", "b"),
        ("{{ event.price * 2 }}", ""),
        ("{{ event.total|money }}", ""),
        ("{{ customer.name|upper }}", ""),
        ("{{ customer.name or 'you' }}", "you"),
        ("{{ customer.name|default('you') }}", "you"),
    ],
)
def test_what_is_missing_shows_nothing_and_is_remembered(source: str, expected: str):
    found = mail(HEAD + source)

    assert found.html == expected
    quiet = "or 'you'" in source or "default" in source
    assert bool(found.missing) is not quiet


def test_a_strict_rendering_names_what_is_missing():
    with pytest.raises(TemplateFailed) as caught:
        mail(HEAD + "{{ customer.first_name }}", strict=True)

    assert "`customer.first_name` is missing" in str(caught.value)


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("ru", "russian"),
        ("ru-RU", "russian"),
        ("RU_ru", "russian"),
        ("pt-BR", "brazil"),
        ("pt", "base"),
        (None, "base"),
    ],
)
def test_the_variant_is_chosen_by_the_customers_language(locale: str | None, expected: str):
    files = {"email/t.ru.html": "russian", "email/t.pt-BR.html": HEAD + "brazil"}

    found = mail(HEAD + "base", files, locale=locale)

    assert (found.html, found.subject) == (expected, "S")


def test_html_is_escaped_and_subject_and_text_are_not():
    source = "---\nsubject: For {{ customer.name }}\n---\n<p>{{ customer.name }}</p>"

    found = mail(source, {"email/t.txt": "Dear {{ customer.name }}"}, customer={"name": "<Tom & Jerry>"})

    assert found.subject == "For <Tom & Jerry>"
    assert found.html == "<p>&lt;Tom &amp; Jerry&gt;</p>"
    assert found.text == "Dear <Tom & Jerry>"


@pytest.mark.parametrize("name", ["Anna\tMaria", "Anna\r\nMaria", "Anna\u2028Maria", "\nAnna\x0bMaria"])
def test_a_name_with_a_tab_or_a_line_break_leaves_the_subject_on_one_line(name: str):
    made = mail('---\nsubject: "{{ customer.first_name }}, a coffee?"\n---\nHi', customer={"first_name": name})

    assert made.subject == "Anna Maria, a coffee?"


def test_the_preheader_stands_hidden_at_the_start_of_the_body():
    source = "---\nsubject: S\npreheader: Only {{ event.n }} left\n---\n<html><body class=x><p>Hi</body>"

    found = mail(source, event={"n": 3})

    assert found.html is not None
    assert found.html.startswith('<html><body class=x><div style="display:none')
    assert ">Only 3 left</div><p>Hi" in found.html


def test_a_property_may_be_called_items():
    found = shown("{% for i in event.items %}{{ i.name }}{% endfor %}", event={"items": [{"name": "a"}, {"name": "b"}]})

    assert found == "ab"


def test_rules_give_variables_and_the_workspace_its_name():
    found = shown("{{ gift }} {{ workspace.name }}", variables={"gift": "10%"}, workspace={"name": "Teplo"})

    assert found == "10% Teplo"


def test_layouts_partials_and_macros_work_together():
    files = {
        "email/layouts/base.html": "<b>{% block body %}old{% endblock %}</b>{% include 'partials/foot.html' %}",
        "email/partials/foot.html": "<i>{{ customer.name }}</i>",
        "email/partials/parts.html": "{% macro button(url, w='Go') %}<a href={{ url }}>{{ w }}</a>{% endmacro %}",
    }
    source = (
        "{% extends 'layouts/base.html' %}{% from 'partials/parts.html' import button %}"
        "{% block body %}{{ super() }}{{ button('https://x') }}{% endblock %}"
    )

    found = mail(HEAD + source, files, customer={"name": "Anna"})

    assert found.html == "<b>old<a href=https://x>Go</a></b><i>Anna</i>"


def test_the_text_part_is_made_from_the_html():
    found = mail(
        HEAD + "<h1>Hi</h1><p>Read <a href='https://x.example/a?b=1&amp;c=2'>this</a> &amp; that</p><ul><li>one"
    )

    assert found.text == "# Hi\n\nRead [this](https://x.example/a?b=1&c=2) & that\n\n  * one\n"
