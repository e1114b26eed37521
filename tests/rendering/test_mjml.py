"""MJML templates: HTML with everything of Jinja in its place, whatever mrml does with what it does not know."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import TemplateFailed
from engine.rendering.email import MailRequest, MailTemplates, RenderedMail
from engine.rendering.inspect import template_uses

HEAD = "---\nsubject: Hello\n---\n"


def in_column(rows: str) -> str:
    return f"<mjml><mj-body><mj-section><mj-column>{rows}</mj-column></mj-section></mj-body></mjml>"


def mail(body: str, event: dict[str, Any] | None = None, **parts: str) -> RenderedMail:
    sources = {"email/cart.mjml": HEAD + body} | {f"email/partials/{name}.mjml": part for name, part in parts.items()}
    return MailTemplates(sources).mail(MailRequest(template="cart", event=event or {}, customer={}))


def problems(body: str, **parts: str) -> list[tuple[str, int, str]]:
    sources = {"email/cart.mjml": HEAD + body} | {f"email/partials/{name}.mjml": part for name, part in parts.items()}
    return [(each.file, each.line, each.message) for each in template_uses("email", "cart", sources).problems]


def test_a_template_becomes_html_and_text():
    sent = mail(in_column('<mj-text>Hello</mj-text><mj-button href="https://shop.example">Shop</mj-button>'))

    assert sent.html is not None and sent.html.startswith("<!doctype html>")
    assert sent.text == "Hello\n\n[Shop](https://shop.example)\n"


def test_rows_of_a_loop_stay_between_its_tags():
    rows = "{% for item in event.items %}<mj-text>{{ item }}</mj-text>{% else %}<mj-text>None</mj-text>{% endfor %}"

    full, empty = mail(in_column(rows), {"items": ["one", "two"]}), mail(in_column(rows), {"items": []})

    assert full.text.split() == ["one", "two"]
    assert empty.text.split() == ["None"]


def test_sections_columns_and_parts_of_wrappers_can_be_conditional():
    body = """<mjml><mj-body>
        {% if event.a %}<mj-section><mj-column><mj-text>section</mj-text></mj-column></mj-section>{% endif %}
        <mj-wrapper>{% for n in event.b %}<mj-section>{% if n %}<mj-column><mj-text>in {{ n }}</mj-text></mj-column>
        {% endif %}</mj-section>{% endfor %}</mj-wrapper>
        <mj-raw>{% if event.c %}</mj-raw><mj-hero><mj-text>hero</mj-text></mj-hero><mj-raw>{% endif %}</mj-raw>
        </mj-body></mjml>"""

    some = mail(body, {"a": True, "b": [0, 1, 2], "c": False})
    others = mail(body, {"a": False, "b": [], "c": True})

    assert some.text.split("\n\n") == ["section", "in 1", "in 2\n"]
    assert others.text == "hero\n"


@pytest.mark.parametrize(
    "expression",
    [
        '{{ event.x | default("a > b") }}',
        "{{ event.x | default('\"') }}",
        "{{ event.x if 1 < 2 else '</mj-text>' }}",
        '{{ {"a": {"b": event.x}}.a.b }}',
        '{{ "}}" | replace("}}", event.x) }}',
        "{%- if event.x -%}{{ event.x }}{%- endif -%}",
        "{{ event.x }}{# </mj-text> {{ #}",
    ],
)
def test_no_expression_disturbs_the_reading_of_tags(expression: str):
    row = f'<mj-text>[{expression}]</mj-text><mj-button href="https://shop.example/{expression}/x">Go</mj-button>'

    sent = mail(in_column(row), {"x": "word"})

    assert "[word]" in (sent.html or "")
    assert 'href="https://shop.example/word/x"' in (sent.html or "")


def test_html_in_words_is_the_authors_own():
    sent = mail(in_column("<mj-text>a & b<br>&nbsp;<img src=https://shop.example/a.png alt=x></mj-text>"))

    assert "a & b<br>&nbsp;<img src=https://shop.example/a.png alt=x>" in (sent.html or "")


def test_what_customers_write_is_escaped_in_words_and_attributes():
    row = '<mj-image src="{{ event.x }}" alt="{{ event.x }}" /><mj-text>{{ event.x }}</mj-text>'

    sent = mail(in_column(row), {"x": '"><script>'})

    assert "<script>" not in (sent.html or "")
    assert "&#34;&gt;&lt;script&gt;" in (sent.html or "")


def test_parts_see_the_variables_around_them_and_are_reported_at_their_own_lines():
    loop = "{% for item in event.items %}\n<mj-include path='partials/row.mjml' />\n{% endfor %}"
    body = f"<mjml><mj-body>\n{loop}\n</mj-body></mjml>"
    row = "\n<mj-section><mj-column><mj-text>{{ item.name }} {{ event.total }}</mj-text></mj-column></mj-section>"

    sent = mail(body, {"items": [{"name": "tea"}], "total": 4}, row=row)
    uses = template_uses("email", "cart", {"email/cart.mjml": HEAD + body, "email/partials/row.mjml": row}).info.uses

    assert sent.text == "tea 4\n"
    assert [(".".join(use.path), use.file, use.line) for use in uses] == [
        ("event.items", None, 5),
        ("event.items.[].name", "templates/email/partials/row.mjml", 2),
        ("event.total", "templates/email/partials/row.mjml", 2),
    ]


def test_a_mistake_in_a_part_is_reported_in_the_part():
    found = problems(in_column("<mj-include path='partials/row.mjml' />"), row="\n\n<mj-txt>Hello</mj-txt>")

    assert found == [("templates/email/partials/row.mjml", 3, "MJML has no `<mj-txt>`")]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param("", "there is no `<mj-body>` in this file", id="empty"),
        pytest.param("<p>Hello</p>", "MJML has no `<p>`", id="html"),
        pytest.param("<mjml></mjml>", "there is no `<mj-body>` in this file", id="no body"),
        pytest.param(
            in_column("<mj-section></mj-section>"), "`<mj-section>` cannot stand in `<mj-column>`", id="nested"
        ),
        pytest.param(in_column('<mj-image src=x alt="" />'), "`src` has no value in quotes", id="bare value"),
        pytest.param(in_column("</mj-text>"), "`</mj-text>` does not fit here: `<mj-column>` is still open", id="end"),
        pytest.param(
            "<mjml><mj-body><mj-wrapper><mj-raw><p>x</p></mj-raw></mj-wrapper></mj-body></mjml>",
            "HTML cannot stand in `<mj-wrapper>`",
            id="html in a wrapper",
        ),
        pytest.param(
            "<mjml><mj-head>{% if event.a %}{% endif %}</mj-head><mj-body></mj-body></mjml>",
            "Jinja cannot stand in `<mj-head>`",
            id="jinja in the head",
        ),
        pytest.param(
            "<mjml><mj-body>" + "<mj-section></mj-section>" * 2900 + "</mj-body></mjml>",
            "the file is longer than 64 KiB",
            id="large",
        ),
        pytest.param(
            "<mjml><mj-body>" + "<mj-section/>" * 4000 + "</mj-body></mjml>",
            "the template is nested too deep, or costs too much",
            id="many elements",
        ),
    ],
)
def test_what_mrml_would_leave_out_is_a_mistake(body: str, message: str):
    assert message in [each[2] for each in problems(body)]


def test_a_part_that_includes_itself_ends():
    found = problems(in_column("<mj-include path='partials/a.mjml' />"), a="<mj-include path='partials/a.mjml' />")

    assert found == [("templates/email/partials/a.mjml", 1, "this file includes itself")]


def test_parts_that_double_at_each_level_are_stopped():
    parts = {f"p{n}": f"<mj-include path='partials/p{n + 1}.mjml' />" * 4 for n in range(9)}

    found = problems(in_column("<mj-include path='partials/p0.mjml' />"), **parts, p9="<mj-text>x</mj-text>" * 50)

    assert found == [("templates/email/cart.mjml", 1, "the template is nested too deep, or costs too much")]


def test_a_template_with_a_mistake_fails_its_mail_with_the_reason():
    with pytest.raises(TemplateFailed, match="MJML has no `<mj-txt>`"):
        mail(in_column("<mj-txt>Hello</mj-txt>"))


def test_a_template_in_html_and_mjml_is_one_too_many():
    sources = {"email/cart.html": HEAD + "Hello", "email/cart.mjml": HEAD + in_column("<mj-text>Hello</mj-text>")}

    [problem] = template_uses("email", "cart", sources).problems

    assert problem.message == "this template is written twice, also in templates/email/cart.mjml"


def test_inline_styles_of_mjml_go_into_the_tags():
    head = '<mj-head><mj-style inline="inline">.quiet { color: {{ workspace.accent }} }</mj-style></mj-head>'
    body = in_column('<mj-text><p class="quiet">Hello</p></mj-text>').replace("<mjml>", f"<mjml>{head}")
    templates = MailTemplates({"email/cart.mjml": HEAD + body})

    sent = templates.mail(MailRequest(template="cart", event={}, customer={}, workspace={"accent": "#123456"}))

    assert '<p style="color: #123456" class="quiet">Hello</p>' in (sent.html or "")
