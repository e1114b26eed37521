"""Words, quotes, blanks and quantities at the edge between letters and language."""

from __future__ import annotations

import pytest

from dsl import syntax as s
from dsl.keywords import ENGLISH
from dsl.parser import parse_file
from dsl.source import Source
from tests.dsl.trees import condition, events, items, length, money, node, path, rule, step, text, trigger

NAMES = sorted({form for forms in ENGLISH.values() for form in forms if " " not in form})


@pytest.mark.parametrize("word", NAMES)
def test_every_word_of_the_language_can_be_a_property(word: str):
    meant = node(s.Comparison, left=path(f"event.{word}"), comparison="is", right=text("x"))

    assert condition(f'event.{word} is "x"') == meant


@pytest.mark.parametrize("word", sorted(set(NAMES) - {"no", "customer", "event"}))
def test_every_word_but_three_can_be_an_event(word: str):
    assert trigger(f"when {word} after 1h") == node(s.EventTrigger, events=events(word))


def test_a_name_may_begin_with_a_word_of_the_language():
    assert trigger("when whenever or sending or is_known") == node(
        s.EventTrigger, events=events("whenever", "sending", "is_known")
    )


def test_a_keyword_of_two_words_stays_on_one_line():
    _, found = parse_file(Source("a.rules", 'when a send email "x" if b then exit else\nif c then exit end'))

    assert [diagnostic.code for diagnostic in found] == ["E123"]


def test_keywords_may_be_written_in_capitals_and_with_any_blanks_between():
    assert rule('WHEN a Stop \t\u00a0When b SEND Email "x"') == rule('when a stop when b send email "x"')


@pytest.mark.parametrize("quoted", ['"x y"', "“x y”", "«x y»", "„x y“"])
def test_quotes_of_four_kinds_mean_the_same(quoted: str):
    assert step(f"add tag {quoted}") == node(s.Tag, tag=text("x y"), add=True)


@pytest.mark.parametrize("blank", ["\t", "\u00a0", "\r\n", "\n\n", "\u202f", "\ufeff", "\u200b "], ids=repr)
def test_any_blank_separates_words(blank: str):
    assert rule(blank.join(["", "when", "a", "send", "email", '"x"', ""])) == rule('when a send email "x"')


def test_comments_go_to_the_end_of_the_line_and_not_into_texts():
    written = '# when b\nwhen a # send sms "y"\n send email "x # y" # "'

    assert rule(written) == rule('when a send email "x # y"')


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("5 min", length(5, "minute")),
        ("5min", length(5, "minute")),
        ("5 MIN", length(5, "minute")),
        ("1 ч", length(1, "hour")),
        ("2 недели", length(2, "week")),
        ("90 seconds", length(90, "second")),
        ("5s", length(5, "second")),
        ("1 year", length(1, "year")),
    ],
)
def test_a_length_of_time_is_a_number_and_a_unit(written: str, meant: s.Duration):
    assert step(f"wait {written}") == node(s.Wait, duration=meant)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1500 RUB", money(1500)),
        ("1500RUB", money(1500)),
        ("1500 ₽", money(1500)),
        ("9.99$", money("9.99", "USD")),
        ("$9.99", money("9.99", "USD")),
        ("€5", money(5, "EUR")),
        ("5 £", money(5, "GBP")),
        ("5 KZT", money(5, "KZT")),
        ("1.250 KWD", money("1.250", "KWD")),
        ("-5 RUB", money(-5)),
    ],
)
def test_an_amount_of_money_has_a_currency(written: str, meant: s.Money):
    assert items(f"let x = {written}") == items(f"let x = {meant.amount} {meant.currency}")
    assert items(f"let x = {written}")[0].value == meant  # type: ignore[union-attr]


def test_lists_of_numbers_need_no_blanks():
    assert condition("event.n in (18,25)") == condition("event.n in (18, 25)")


def test_languages_may_be_mixed_in_one_line():
    assert rule('когда a send письмо "x"') == rule('when a отправить email "x"')


def test_the_end_of_the_text_is_marked_behind_its_last_word():
    source = Source("a.rules", "when a send email   # a comment\n\n")

    _, (found,) = parse_file(source)

    assert source.slice(found.span) == ""
    assert found.span.start == len("when a send email")
