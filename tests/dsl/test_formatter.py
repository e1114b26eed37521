"""The style: what stands on which line, what becomes of comments, and what is left alone."""

from __future__ import annotations

import re

import pytest

from dsl.formatter import FileKind, FormatterMistake, Language, format_source, kind_of_text
from dsl.formatting.proof import prove_same, read
from dsl.source import Source
from tests.dsl.styled import block, formatted

# Where lines end


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('when cart_abandoned after 1h send email "cart"\n', id="the first rule that anyone writes"),
        pytest.param('when a unless order_placed once per 7 days send email "x" or sms "y"\n', id="two simple clauses"),
        pytest.param('every monday at 9:00 for customer in vip and reachable send email "x"\n', id="a schedule"),
    ],
)
def test_a_short_rule_without_a_name_stays_on_one_line(text: str):
    broken = re.sub(r" (?=send|unless|once|for)", "\n    ", text)

    assert formatted(text) == text
    assert formatted(broken) == text


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param('rule "A" when a send email "x"', 3, id="it has a name"),
        pytest.param('when a wait 1 day send email "x"', 3, id="it has two steps"),
        pytest.param('when a only if b and c send email "x"', 3, id="a guard says and"),
        pytest.param('when a transactional priority 1 once per day send email "x"', 5, id="it has three clauses"),
        pytest.param("when a if b then exit end", 2, id="it branches"),
        pytest.param(f'when {"a" * 70} send email "{"x" * 20}"', 2, id="it is longer than 100 columns"),
    ],
)
def test_any_other_rule_has_a_line_for_each_clause_and_step(text: str, lines: int):
    assert formatted(text).count("\n") == lines


def test_the_full_rule_of_the_language_is_in_style():
    text = block("""
        rule "Abandoned cart"
          when cart_abandoned where event.total > 1500 RUB after 1h
          owner "anna"
          only if reachable
          stop when order_placed
          goal order_placed within 7 days
          once per event.cart_id per 7 days
          send email "cart" or sms "cart_sms"
          wait until 10:00
          if customer in vip then
            notify "managers" "VIP left a cart"
          else
            split "Cart discount"
              45% "none": send email "cart_2"
              45% "ten percent": issue promo "BACK10" valid 7 days send email "cart_2_promo"
              10% holdout
            end
          end
    """)

    assert formatted(" ".join(text.split())) == text


def test_a_long_condition_breaks_at_its_outermost_words():
    text = (
        'when a only if (customer.city is "Moscow" or customer.city is "Kazan") and customer.email is known '
        'and customer.age between 18 and 25 send email "x"'
    )

    assert formatted(text) == block("""
        when a
          only if (customer.city is "Moscow" or customer.city is "Kazan")
              and customer.email is known
              and customer.age between 18 and 25
          send email "x"
    """)


def test_long_lists_of_values_fill_their_lines():
    cities = ", ".join(f'"city number {number}"' for number in range(8))

    assert formatted(f"let cities = ({cities})") == block("""
        let cities = ("city number 0", "city number 1", "city number 2", "city number 3", "city number 4",
            "city number 5", "city number 6", "city number 7")
    """)


def test_an_if_with_one_short_step_stays_on_its_line():
    text = 'when a wait for b up to 2 days if arrived then add tag "x" end'

    assert formatted(text).splitlines()[-1] == '  if arrived then add tag "x" end'


def test_an_arm_of_a_split_with_many_steps_has_a_line_for_each():
    text = 'when a split 50% "x": add tag "a" add tag "b" add tag "c" 50% holdout end'

    assert formatted(text) == block("""
        when a
          split
            50% "x":
              add tag "a"
              add tag "b"
              add tag "c"
            50% holdout
          end
    """)


def test_tables_of_tests_have_even_columns():
    text = 'test "x" at 9:00 b expect email "a" at 9:00 examples tier,template "gold","v" "no","w"'

    assert formatted(text, "tests") == block("""
        test "x"
          at 09:00 b
          expect email "a" at 09:00
          examples
            tier,   template
            "gold", "v"
            "no",   "w"
    """)


# Blank lines


def test_items_are_apart_and_one_line_definitions_of_a_kind_together():
    text = 'use "a.rules"\nuse "b.rules"\nlet x = 1\n\n\nlet y = 2\ndefine d means a is 1\nwhen e exit\nwhen f exit'

    assert formatted(text) == block("""
        use "a.rules"
        use "b.rules"

        let x = 1
        let y = 2

        define d means a is 1

        when e exit

        when f exit
    """)


# Words


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param("SEND Email «x»", 'send email "x"', id="case and quotes"),
        pytest.param("wait  1  hours", "wait 1h", id="hours"),
        pytest.param("wait 1 days", "wait 1 day", id="one day"),
        pytest.param("wait 90 minutes", "wait 90 min", id="minutes"),
        pytest.param("add 1 points", "add 1 point", id="one point"),
        pytest.param("wait until 09:05", "wait until 9:05", id="clock times of rules"),
        pytest.param("add 1 point per $5 of event.x", "add 1 point per 5 USD of event.x", id="signs of currencies"),
        pytest.param("set a to 9.50 EUR", "set a to 9.50 EUR", id="zeros of prices stay"),
        pytest.param('send email «he said "no"»', 'send email «he said "no"»', id="quotes inside quotes"),
        pytest.param('send email „a "b" «c»“', 'send email “a "b" «c»”', id="quotes inside quotes inside quotes"),
    ],
)
def test_every_meaning_is_written_in_one_way(written: str, expected: str):
    assert formatted(f"when a {written}") == f"when a {expected}\n"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("when a if (repeated) then exit else exit end", id="if repeated is one word"),
        pytest.param("every day at 9:00 for (everyone) exit", id="for everyone is one meaning"),
        pytest.param("when a if not b then exit else exit end", id="если не is unless"),
        pytest.param("when a emit событие", id="создать событие is one word"),
        pytest.param("when a only if customer.x is\nnot.y exit", id="is not is one word"),
        pytest.param("when a only if customer in\nlast exit", id="in last is one word"),
        pytest.param("when a once per customer.x per day exit", id="в день begins an item"),
    ],
)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_words_that_would_run_together_are_kept_apart(text: str, language: Language):
    once = formatted(text, language=language)

    assert formatted(once) == once


def test_and_inside_or_gets_brackets_so_that_nobody_has_to_know_which_binds_tighter():
    assert formatted("define d means a is 1 and b is 2 or (c is 3)") == (
        "define d means (a is 1 and b is 2) or c is 3\n"
    )


# Comments


def test_comments_stay_where_they_are():
    text = block("""
        # The whole file.

        # A constant.
        let x = 1  # euros

        rule "A"  # behind the name
          # before the trigger
          when a  # behind the trigger
          # kogda: allow W501 until 2027-03-01 "they asked for it"
          only if b  # behind a guard
          # before a step
          if b then  # behind if
            # inside if
            exit
          # before else
          else
            exit  # behind a step
            # before end
          end
          split  # behind split
            # before an arm
            50% "x": exit  # behind an arm
            50% holdout
          end
          # send sms "taken out"

        # About B.
        when b exit  # behind a short rule

        # The last words.
    """)

    assert formatted(text) == text


def test_a_rule_with_a_comment_inside_is_not_put_on_one_line():
    assert formatted('when a # why\nsend email "x"') == 'when a  # why\n  send email "x"\n'


def test_comments_inside_a_line_go_above_it_and_the_last_one_stays_behind():
    text = "define d means # one\n a is 1 # two\n # three\n or b is 2 # four"

    assert formatted(text) == "# one\n# two\n# three\ndefine d means a is 1 or b is 2  # four\n"


def test_signs_of_comments_inside_quotes_are_text():
    assert formatted('when a send email "# x"  # y') == 'when a send email "# x"  # y\n'


def test_a_file_of_comments_keeps_its_paragraphs():
    assert formatted("\n\n# a  \n# b\n\n\n# c") == "# a\n# b\n\n# c\n"


# Files


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param("", "", id="empty"),
        pytest.param(" \n\t\n", "", id="blank"),
        pytest.param("\ufeffwhen a exit", "when a exit\n", id="byte order mark"),
        pytest.param("when a # x\r\nexit\r\n", "when a  # x\n  exit\n", id="line breaks of Windows"),
        pytest.param("when\u00a0a\u200b exit", "when a exit\n", id="invisible blanks"),
    ],
)
def test_what_cannot_be_seen_is_cleaned(written: str, expected: str):
    assert formatted(written) == expected


def test_a_file_with_a_mistake_is_not_touched():
    found = format_source(Source("x.rules", "when a sned email"), "rules")

    assert found.text is None
    assert found.mistakes


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('# x\n todo test "x"', "tests"),
        ('проверка "x"', "tests"),
        ("when a exit", "rules"),
        ("", "rules"),
    ],
)
def test_the_kind_of_a_text_without_a_name_is_seen_in_its_first_word(text: str, kind: FileKind):
    assert kind_of_text(text) == kind


@pytest.mark.parametrize(
    ("after", "what"),
    [
        pytest.param('use "a.rules"\n# x\nwhen b exit', "the meaning of what begins in line 3", id="another event"),
        pytest.param('use "a.rules"\n# x', "the meaning of what begins in line 3", id="an item is missing"),
        pytest.param('use "a.rules"\nwhen a exit', "its comments", id="a comment is missing"),
        pytest.param('use "a.rules"\n# x\n# x\nwhen a exit', "its comments", id="a comment too many"),
    ],
)
def test_a_text_that_would_say_something_else_is_refused(after: str, what: str):
    before = Source("x.rules", 'use "a.rules"\n# x\nwhen a exit')
    items, _ = read(before, "rules")

    with pytest.raises(FormatterMistake, match=rf"^x\.rules: formatting would change {what};"):
        prove_same(before, items, Source("x.rules", after), "rules")
