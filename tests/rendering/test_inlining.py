"""CSS in the tags, and nothing else of a template changed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.rendering.email import MailRequest, MailTemplates
from engine.rendering.inlining import TooLargeToInline, inlined


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('<p class="a">x</p>', '<p style="color: red" class="a">x</p>'),
        ('<p style="margin:0" class="a">', '<p style="color: red; margin:0" class="a">'),
        ("<p class='a' style='margin:{{ x }}'>", "<p class='a' style='color: red; margin:{{ x }}'>"),
        ('<p class="a {{ x }}">', '<p style="color: red" class="a {{ x }}">'),
        ('<p {% if x %}class="a"{% endif %}>', '<p {% if x %}class="a"{% endif %}>'),
        ('<p class="{% if x %}a{% endif %}">', '<p class="{% if x %}a{% endif %}">'),
        ('<!--[if mso]><p class="a"><![endif]-->', '<!--[if mso]><p class="a"><![endif]-->'),
        ('{{ "<p class=a>" }}', '{{ "<p class=a>" }}'),
        (
            '<table>{% for x in xs %}<tr><td class="a">{{ x }}</td></tr>{% endfor %}</table>',
            '<table>{% for x in xs %}<tr><td style="color: red" class="a">{{ x }}</td></tr>{% endfor %}</table>',
        ),
        (
            '<tr><td class="a">part of a table</td></tr>',
            '<tr><td style="color: red" class="a">part of a table</td></tr>',
        ),
        ('<a class="a" href="?q={{ "a>b" }}">', '<a style="color: red" class="a" href="?q={{ "a>b" }}">'),
        ('{% raw %}<p class="a">{{ x }}{% endraw %}', '{% raw %}<p class="a">{{ x }}{% endraw %}'),
    ],
)
def test_rules_are_written_before_what_a_tag_says_itself(body: str, expected: str):
    assert inlined(body, ".a { color: red }") == expected


def test_values_may_be_jinja():
    assert inlined("<style>p{color:{{ c | default('x') }}}</style><p>").endswith(
        "<p style=\"color: {{ c | default('x') }}\">"
    )


def test_rules_for_some_screens_stay_where_they_are():
    html = "<style>@media (max-width:600px){p{color:red}}</style><style media='print'>p{color:blue}</style><p>x</p>"

    assert inlined(html) == html


def test_rules_that_only_some_customers_get_stay_where_they_are():
    html = "<style>{% if x %}p{color:red}{% endif %}</style><p>x</p>"

    assert inlined(html) == html


def test_nothing_is_fetched_and_no_link_is_followed():
    html = (
        '<link rel="stylesheet" href="http://127.0.0.1:9/a.css"><style>@import "http://127.0.0.1:9/b.css";</style><p>'
    )

    assert inlined(html) == html


@pytest.mark.parametrize("body", ["<div>" * 2000, "<b><p>" * 1000, "<i></b>" * 3000, "<p></p>" * 6000])
def test_a_page_that_no_mail_needs_is_refused_before_it_is_walked(body: str):
    with pytest.raises(TooLargeToInline):
        inlined("<style>p{color:red}</style>" + body)


TAGS = ["<p class='a'>", "</p>", '<td class="a">', "</td>", "<tr>", "<table>", "</table>", "<div style='x:y'>", "<br>"]
JINJA = [
    "{{ a }}",
    "{% if a %}",
    "{% endif %}",
    "{# <p> #}",
    '{{ "<p class=a>" }}',
    '<a href="{{ a }}">',
    "<b {{ a }}>",
]
NOISE = ["<", ">", "&amp;", '"', "'", "{", "}", "<!--", "-->", "<style>", "</style>", "<![endif]", "jw0q", "text", "\n"]
pieces = st.sampled_from([*TAGS, *JINJA, *NOISE])


@given(st.lists(pieces, max_size=30).map("".join))
def test_only_styles_are_added_whatever_the_template_says(html: str):
    made = inlined(html, ".a { color: red } p { margin: 0 }")

    without = re.sub(r' style="(?:color: red|margin: 0)(?:;\s*(?:color: red|margin: 0))*"', "", made)
    assert without.replace("color: red; x:y", "x:y").replace("margin: 0; x:y", "x:y") == html


def send(sources: dict[str, str]) -> str:
    mail = MailTemplates(sources).mail(MailRequest(template="cart", event={}, customer={}))
    return mail.html or ""


def test_rules_of_a_layout_reach_the_blocks_of_a_template():
    layout = "<html><head><style>.a{color:red}</style></head><body>{% block content %}{% endblock %}</body></html>"
    cart = '{% extends "layouts/base.html" %}{% block content %}<p class="a">x</p>{% endblock %}'

    html = send({"email/layouts/base.html": layout, "email/cart.html": cart})

    assert '<p style="color: red" class="a">x</p>' in html


@pytest.mark.parametrize("where", ["email/layouts/base.html", "email/cart.html"])
def test_a_file_can_ask_to_be_left_as_it_is(where: str):
    sources = {
        "email/layouts/base.html": "<style>.a{color:red}</style><body>{% block content %}{% endblock %}</body>",
        "email/cart.html": '{% extends "layouts/base.html" %}{% block content %}<p class="a">x</p>{% endblock %}',
    }
    sources[where] = "---\ninline: no\n---\n" + sources[where]

    assert '<p class="a">x</p>' in send(sources)
