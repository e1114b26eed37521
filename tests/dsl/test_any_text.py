"""Whatever is typed, the parser answers, and points into the text."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl import syntax
from dsl.diagnostics import Diagnostic
from dsl.keywords import ENGLISH, RUSSIAN
from dsl.parser import parse_file, parse_tests
from dsl.recovery import MOST_REPAIRS
from dsl.render import render_json, render_short, render_text
from dsl.source import Source, Span
from tests.drills.sizes import sized

SHOWCASE = Path(__file__).parent / "showcase"
RULES = (SHOWCASE / "showcase.rules").read_text(encoding="utf-8")
RUSSIAN_RULES = (SHOWCASE / "russian.rules").read_text(encoding="utf-8")
TESTS = (SHOWCASE / "showcase.test.rules").read_text(encoding="utf-8")

WORDS = sorted({form for table in (ENGLISH, RUSSIAN) for forms in table.values() for form in forms})
PIECES = [*WORDS, "cart", "order_placed", '"x"', '"', "«", "1 day", "10:00", "5", "45%", "100 RUB", "2026-01-31"]
PIECES += [
    "(",
    ")",
    ",",
    ":",
    ".",
    "=",
    "==",
    "<",
    ">=",
    "\n",
    "\n  ",
    "email",
    "sms",
    "#",
    "5m",
    "ыутв",
    "\u00a0",
    "🙂",
]

any_text = st.text(max_size=80)
word_salad = st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join)


@st.composite
def damaged(draw: st.DrawFn, whole: str) -> str:
    """A few lines of a good text with one to three pieces cut out, doubled or put in."""
    lines = whole.splitlines(keepends=True)
    first = draw(st.integers(0, len(lines) - 1))
    text = "".join(lines[first : first + draw(st.integers(1, 12))])
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 6)))
        put_in = draw(st.sampled_from(["", text[start:end] * 2, *PIECES]))
        text = text[:start] + put_in + text[end:]
    return text


def spans(value: Any) -> Iterator[Span]:
    if isinstance(value, Span):
        yield value
    elif isinstance(value, tuple):
        for element in value:
            yield from spans(element)
    elif dataclasses.is_dataclass(value) and not isinstance(value, Source):
        for field in dataclasses.fields(value):
            yield from spans(getattr(value, field.name))


def check(parsed: syntax.RuleFile | syntax.TestFile, found: list[Diagnostic], source: Source) -> None:
    for span in [*spans(parsed), *spans(tuple(found))]:
        assert 0 <= span.start <= span.end <= len(source.text)
    render_text(found), render_short(found), render_json(found)


@settings(deadline=None, max_examples=sized(150, 3000))
@given(st.one_of(any_text, word_salad, damaged(RULES), damaged(RUSSIAN_RULES)))
def test_any_text_gives_rules_or_messages_that_point_into_it(text: str):
    source = Source("any.rules", text)

    parsed, found = parse_file(source)

    check(parsed, found, source)


@settings(deadline=None, max_examples=sized(100, 2000))
@given(st.one_of(any_text, word_salad, damaged(TESTS)))
def test_any_text_gives_tests_or_messages_that_point_into_it(text: str):
    source = Source("any.test.rules", text)

    parsed, found = parse_tests(source)

    check(parsed, found, source)


@settings(deadline=None, max_examples=sized(100, 2000))
@given(st.one_of(damaged(RULES), damaged(RUSSIAN_RULES)))
def test_a_broken_item_leaves_the_one_above_it_alone(broken: str):
    good = 'when neighbour send email "x"\n'

    parsed, _ = parse_file(Source("any.rules", f"{good}when broken {broken}"))

    assert parsed.items[0] == parse_file(Source("good.rules", good))[0].items[0]


DEEP = {
    "open brackets": "(" * 3000,
    "open blocks": "when b " + "if a then " * 2000,
    "brackets": "segment a means " + "(" * 3000 + "b" + ")" * 3000,
    "not": "segment a means " + "not " * 3000 + "b",
    "blocks": "when a " + "if a then " * 2000 + "exit " + "end " * 2000,
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_deep_nesting_does_not_exhaust_the_stack(text: str):
    parsed, found = parse_file(Source("deep.rules", text))

    assert parsed.items == ()
    assert 1 <= len(found) <= MOST_REPAIRS


def test_a_long_item_full_of_mistakes_is_given_up_in_time():
    step = 'sned email "x"\n'
    started = time.thread_time()

    parsed, found = parse_file(Source("long.rules", "when a\n" + step * 3000))

    assert parsed.items == ()
    assert found[0].code == "E101"
    assert time.thread_time() - started < 30  # seconds: minutes without a limit of repairs


def test_of_very_many_mistakes_the_first_are_explained():
    text = "when a customer comes we send a mail\n" * 1_000 + 'when registered send email "welcome"\n'

    file, found = parse_file(Source("rules/letter.rules", text))

    assert len(file.items) == 1
    assert [each.message for each in found if each.source.place(each.span.start).line > 200] == [
        "there are too many mistakes in this file to explain them all"
    ]


@pytest.mark.parametrize(
    "text", ["1,5 // carts", "1 500", "10%", "5m", '"x"', ".", "else sms", "else", "5 EUR", "at 9"]
)
def test_a_file_that_begins_with_anything_is_read(text: str) -> None:
    for read in (parse_file, parse_tests):
        _, found = read(Source("odd.rules", text + "\n"))

        assert found
