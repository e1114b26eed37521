"""The text part of a mail whose author wrote only HTML."""

from __future__ import annotations

from time import process_time

import pytest

from engine.rendering.plain_text import MAX_CONVERTED, text_of

CASES = {
    "paragraphs are parted by empty lines": ("<p>a</p> <p>b\n c</p>", "a\n\nb c\n"),
    "a break begins a line and two leave one empty": ("a<br>b<br><br><br>c", "a\nb\n\nc\n"),
    "links say where they lead": (
        "Read <a href='https://x.example/a?b=1&amp;c=2'>this</a>.",
        "Read [this](https://x.example/a?b=1&c=2).\n",
    ),
    "an address that is its own words is written once": (
        "<a href=https://x.example>https://x.example</a>",
        "https://x.example\n",
    ),
    "an image in a link says its alternative": (
        "<a href=https://x><img src=y alt=Shop></a><img alt=no>",
        "[Shop](https://x)\n",
    ),
    "a link without words says nothing": ("a<a href=https://x><img src=y></a>", "a\n"),
    "scripts are no addresses": ("<a href='javascript:x()'>no</a>", "no\n"),
    "cells of a row stand side by side": (
        "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>",
        "a b\nc\n",
    ),
    "lists inside lists": ("<ol><li>a<ul><li>b</ul><li>c</ol>", "  1. a\n    * b\n  2. c\n"),
    "words are not torn at tags": ("w<b>or</b>d <i>x</i> y", "word x y\n"),
    "what is hidden is not read": (
        "<style>p{}</style><div style='display: none'><div>pre</div></div><p hidden>x</p>"
        "<!--[if mso]>o<![endif]-->a<script>1</script>",
        "a\n",
    ),
    "preformatted lines stay": ("<pre>a\n  b</pre>", "a\n  b\n"),
    "headings and rules": ("<h2>A</h2>b<hr>c", "## A\n\nb\n\n* * *\n\nc\n"),
    "entities are characters": ("&euro;5 &lt;b&gt; &amp;", "€5 <b> &\n"),
    "a sign that opens no tag is text": ("1 < 2 > 0 <3 a<b", "1 < 2 > 0 <3 a<b\n"),
    "an attribute may hold a sign that ends tags": ('<p title="a>b">c</p>', "c\n"),
    "nothing is nothing": ("", "\n"),
}


@pytest.mark.parametrize(("html", "text"), CASES.values(), ids=CASES)
def test_html_becomes_text(html: str, text: str):
    assert text_of(html) == text


def test_a_page_that_is_too_long_has_no_text():
    assert text_of("a" * (MAX_CONVERTED + 1)) == ""


@pytest.mark.parametrize(
    "tag",
    [
        "<b>",
        "<div>",
        "<a href='https://x'>",
        "<ul><li>",
        "<pre>",
        "<a ",
        '<a "',
        "<!--",
        "<p hidden>",
        "&",
        "<script>",
        "<b x='<p>",
    ],
)
def test_hostile_pages_neither_fail_nor_take_long(tag: str):
    html = (tag * (MAX_CONVERTED // len(tag)))[: MAX_CONVERTED - 1] + "x"

    began = process_time()
    text_of(html)

    assert process_time() - began < 3
