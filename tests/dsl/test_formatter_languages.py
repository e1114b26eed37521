"""The style in the keywords of either language: what is translated, and how Russian words end."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl.formatter import kind_of
from tests.dsl.styled import block, formatted

SHOWCASE = Path(__file__).parent / "showcase"
WORKSPACE = sorted(Path(__file__).parents[2].joinpath("rules").glob("*.rules"))


def test_keywords_units_weekdays_and_channels_are_translated_and_names_are_not():
    text = 'when order_placed after 2h\n  at most 1 message per day\n  wait until friday 10:00\n  send sms "friday"\n'

    russian = formatted(text, language="ru")

    assert russian == block("""
        # language: ru

        когда order_placed через 2 часа
          не больше 1 сообщения в день
          ждать до пятницы 10:00
          отправить смс "friday"
    """)
    assert formatted(russian, language="en") == text


@pytest.mark.parametrize(
    ("amount", "expected"),
    [(1, "1 минуту"), (2, "2 минуты"), (5, "5 минут"), (11, "11 минут"), (21, "21 минуту"), (112, "112 минут")],
)
def test_russian_units_agree_with_their_numbers(amount: int, expected: str):
    text = formatted(f"when a after {amount} min exit", language="ru")

    assert text.endswith(f"когда a через {expected} выйти\n")


def test_russian_lengths_after_within_are_in_the_genitive():
    text = formatted("when a goal b within 2 days unless c in last 1 week exit", language="ru")

    assert "цель b в течение 2 дней" in text
    assert "если не c за последнюю 1 неделю" in text


def test_russian_endings_stay_as_the_author_chose_them():
    text = "когда a только если клиент.email известен и клиент.почта известна выйти"

    assert formatted(text) == block("""
        # language: ru

        когда a
          только если клиент.email известен и клиент.почта известна
          выйти
    """)


def test_a_file_keeps_the_language_of_its_header():
    assert formatted("# language: ru\nwhen a exit") == "# language: ru\n\nкогда a выйти\n"
    assert formatted("#Language:EN\nкогда a выйти") == "# language: en\n\nwhen a exit\n"


def test_a_russian_file_without_a_header_stays_russian_and_gets_one():
    assert formatted("когда a выйти\nwhen b exit\nкогда c выйти").startswith("# language: ru\n\nкогда a выйти\n")


@pytest.mark.parametrize("path", [*sorted(SHOWCASE.glob("*.rules")), *WORKSPACE], ids=lambda path: path.name)
def test_files_of_the_project_are_translated_there_and_back(path: Path):
    english = formatted(path.read_text(encoding="utf-8"), kind_of(path.name), "en")

    russian = formatted(english, kind_of(path.name), "ru")

    assert formatted(english, kind_of(path.name)) == english
    assert formatted(russian, kind_of(path.name)) == russian
    assert formatted(russian, kind_of(path.name), "en") == english.removeprefix("# language: en\n\n")


@pytest.mark.parametrize(
    ("limit", "english", "russian"),
    [
        (1, "only first 1 customer", "только первый 1 клиент"),
        (2, "only first 2 customers", "только первые 2 клиента"),
        (21, "only first 21 customers", "только первые 21 клиент"),
        (50, "only first 50 customers", "только первые 50 клиентов"),
    ],
)
def test_first_customers_stand_in_the_form_of_their_number(limit: int, english: str, russian: str):
    text = f'when registered only first {limit} customers send email "welcome"\n'

    assert english in formatted(text)
    assert russian in formatted(text, language="ru")


@pytest.mark.parametrize(("limit", "what"), [(1, "письма"), (2, "писем"), (21, "письма")])
def test_russian_channels_agree_with_their_numbers_after_at_most(limit: int, what: str):
    text = formatted(f"when a at most {limit} email per day exit", language="ru")

    assert f"не больше {limit} {what} в день" in text
    assert formatted(text, language="ru") == text
