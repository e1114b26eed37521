"""What the checks learn about a template without rendering it."""

from __future__ import annotations

import pytest

from dsl.catalog import TemplateUse
from engine.rendering.inspect import inspect_templates, template_uses

HEAD = "---\nsubject: Hello\n---\n"


def uses(body: str, **files: str) -> list[tuple[str, bool]]:
    sources = {"email/cart.html": HEAD + body} | {f"email/{path}": source for path, source in files.items()}
    inspection = template_uses("email", "cart", sources)
    assert inspection.problems == ()
    return [(".".join(use.path), use.has_default) for use in inspection.info.uses]


def problems(source: str, **files: str) -> list[tuple[int, str, str | None]]:
    sources = {"email/cart.html": source} | {f"email/{path}": text for path, text in files.items()}
    return [(each.line, each.message, each.help) for each in template_uses("email", "cart", sources).problems]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("{{ customer.first_name }}", [("customer.first_name", False)], id="printed"),
        pytest.param("{{ customer['first_name'] }}", [("customer.first_name", False)], id="in brackets"),
        pytest.param("{{ customer.first_name|upper }}", [("customer.first_name", False)], id="filtered"),
        pytest.param("{{ customer.first_name.upper() }}", [("customer.first_name", False)], id="method"),
        pytest.param("{{ customer.name|default('friend') }}", [("customer.name", True)], id="default"),
        pytest.param("{{ customer.name|upper|default('x') }}", [("customer.name", True)], id="default after a filter"),
        pytest.param("{{ customer.name or 'friend' }}", [("customer.name", True)], id="or"),
        pytest.param("{% if customer.name %}{{ customer.name }}{% endif %}", [("customer.name", True)] * 1, id="if"),
        pytest.param("{{ customer.a if customer.a else customer.b }}", [("customer.a", True), ("customer.b", False)]),
        pytest.param(
            "{% if customer.a is not defined %}{% else %}{{ customer.a }}{% endif %}", [("customer.a", True)], id="else"
        ),
        pytest.param(
            "{% if customer.a or customer.b %}{{ customer.a }}{% endif %}",
            [("customer.a", True), ("customer.b", True), ("customer.a", False)],
            id="either one says nothing of each",
        ),
        pytest.param(
            "{% if event.total > 100 %}{{ event.total }}{% endif %}", [("event.total", True)], id="a comparison held"
        ),
        pytest.param(
            "{% if event.total != 100 %}{{ event.total }}{% endif %}",
            [("event.total", True), ("event.total", False)],
            id="a difference says nothing",
        ),
        pytest.param(
            "{% for item in event.items %}{{ item.name }}{{ loop.index }}{% endfor %}",
            [("event.items", False), ("event.items.[].name", False)],
            id="loop",
        ),
        pytest.param("{% for k, v in event.totals.items() %}{{ k }}{% endfor %}", [("event.totals", False)]),
        pytest.param("{{ (event.items|first).sku }}", [("event.items.[].sku", False)], id="first element"),
        pytest.param("{{ event.items[0].sku }}", [("event.items.[].sku", False)], id="by number"),
        pytest.param("{% set cart = event.cart %}{{ cart.id }}", [("event.cart", False), ("event.cart.id", False)]),
        pytest.param("{% set x = 3 %}{{ x }}{{ range(3)|join }}", [], id="only locals"),
        pytest.param(
            "{% macro button(url) %}{{ url }}{{ shop }}{% endmacro %}{{ button(event.url) }}",
            [("shop", False), ("event.url", False)],
            id="macro",
        ),
        pytest.param("{{ subject }}{{ workspace.name }}", [], id="what every mail has"),
    ],
)
def test_a_template_says_which_variables_it_reads(body: str, expected: list[tuple[str, bool]]):
    found = uses(body)

    assert list(dict.fromkeys(found)) == expected


def test_layouts_and_partials_count_with_their_own_file_and_line():
    sources = {
        "email/cart.html": HEAD + '{% extends "layouts/base.html" %}\n{% block body %}{{ event.a }}{% endblock %}',
        "email/layouts/base.html": "{% block body %}{{ event.old }}{% endblock %}\n{% include 'partials/foot.html' %}",
        "email/partials/foot.html": "\n\n{{ customer.city }}",
    }

    found = template_uses("email", "cart", sources).info.uses

    assert found == (
        TemplateUse(path=("event", "a"), line=5, has_default=False),
        TemplateUse(path=("customer", "city"), line=3, has_default=False, file="templates/email/partials/foot.html"),
    )


def test_super_brings_back_what_the_block_replaced():
    base = "{% block body %}{{ event.kept }}{% endblock %}"
    body = '{% extends "layouts/base.html" %}{% block body %}{{ super() }}{% endblock %}'

    assert uses(body, **{"layouts/base.html": base}) == [("event.kept", False)]


def test_front_matter_is_read_like_the_body_and_names_the_topic():
    source = "---\nsubject: Hi {{ customer.name }}\npreheader: '{{ event.total|money }}'\ntopic: news\n---\n"

    inspection = template_uses("email", "cart", {"email/cart.html": source})

    assert inspection.info.topic == "news"
    assert [(use.path, use.line) for use in inspection.info.uses] == [
        (("customer", "name"), 2),
        (("event", "total"), 3),
    ]


def test_language_variants_and_the_text_belong_to_one_template():
    sources = {
        "email/cart.html": HEAD + "{{ event.a }}",
        "email/cart.ru.html": "{{ event.b }}",
        "email/cart.txt": "{{ event.c }}",
        "email/layouts/base.html": "",
    }

    [inspection] = inspect_templates(sources)

    assert inspection.problems == ()
    assert inspection.info.path == "templates/email/cart.html"
    assert [(use.path[-1], use.file) for use in inspection.info.uses] == [
        ("a", None),
        ("c", "templates/email/cart.txt"),
        ("b", "templates/email/cart.ru.html"),
    ]


def test_a_layout_that_includes_itself_is_walked_once():
    files = {"partials/a.html": '{{ event.x }}{% include "partials/b.html" %}'}
    files |= {"partials/b.html": '{% include "partials/a.html" %}'}

    assert uses('{% include "partials/a.html" %}', **files) == [("event.x", False)]


def test_what_was_read_before_under_the_same_name_says_nothing_of_another_text():
    page = '{% include "partials/a.html" %}'
    assert uses(page, **{"partials/a.html": "{{ event.x }}"}) == [("event.x", False)]
    assert uses(page, **{"partials/a.html": "{{ event.y }}"}) == [("event.y", False)]

    broken = [problems(HEAD + page, **{"partials/a.html": "{{ event.y|mony }}"}) for _ in range(2)]

    assert uses(page, **{"partials/a.html": "{{ event.x }}"}) == [("event.x", False)]
    assert broken == [[(1, "there is no filter `mony`", "did you mean `money`?")]] * 2


@pytest.mark.parametrize(
    ("source", "line", "message", "help"),
    [
        pytest.param(HEAD + "\n{% if x %}", 5, "`{% if %}` is never closed", "add `{% endif %}`", id="open if"),
        pytest.param(HEAD + "{{ x|mony }}", 4, "there is no filter `mony`", "did you mean `money`?", id="filter"),
        pytest.param(HEAD + "{{ x is defned }}", 4, "there is no test `defned`", "did you mean `defined`?", id="test"),
        pytest.param(HEAD + "{% iff x %}", 4, "unknown tag `iff`", "did you mean `if`?", id="tag"),
        pytest.param(
            HEAD + '{% extends "layouts/base.html" %}',
            4,
            "there is no file templates/email/layouts/base.html",
            None,
            id="no layout",
        ),
        pytest.param(
            "<p>", 1, "the mail has no subject", "begin the file with the lines `---`, `subject: Your words`, `---`"
        ),
        pytest.param(
            "---\nsubjct: x\nsubject: x\n---\n",
            2,
            "front matter has no setting `subjct`",
            "did you mean `subject`?",
            id="misspelt setting",
        ),
        pytest.param(
            "---\nsubject: Sale: today\n---\n",
            2,
            "the front matter cannot be read",
            "put the text in quotes when it contains a colon, or begins with { or @",
            id="a colon in yaml",
        ),
        pytest.param(
            "---\nsubject: x\n",
            1,
            "the front matter has no end",
            "close it with a line of three dashes `---`",
            id="no closing dashes",
        ),
        pytest.param(HEAD + "{{ f(*x) }}", 4, "`*` and `**` cannot be used in calls; write the arguments out", None),
        pytest.param(HEAD + "x" * 70_000, 1, "the file is longer than 64 KiB", None, id="huge file"),
        pytest.param(HEAD + "{{ " + "(" * 3000, 1, "the template is nested too deep, or costs too much", None),
    ],
)
def test_mistakes_come_as_values_with_line_and_cure(source: str, line: int, message: str, help: str | None):
    found = problems(source)

    assert (line, message, help) in found
    assert len(found) <= 2


def test_a_misspelt_layout_is_guessed():
    [(line, message, help)] = problems(HEAD + '{% extends "layouts/bsae.html" %}', **{"layouts/base.html": ""})

    assert (line, help) == (4, "did you mean `layouts/base.html`?")
    assert message == "there is no file templates/email/layouts/bsae.html"
