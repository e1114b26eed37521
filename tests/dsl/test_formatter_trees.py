"""Whatever the syntax tree can hold is written, read again and found equal, in both languages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from dsl.formatter import FileKind, Language, format_source
from dsl.formatting.cases import case_lines
from dsl.formatting.file import write_file
from dsl.formatting.items import item_lines
from dsl.parser import parse_file, parse_tests
from dsl.source import Source
from tests.dsl.syntax_trees import rule_items, test_cases

many_examples = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def written(items: Any, kind: FileKind, language: Language) -> str:
    return write_file("", items, case_lines if kind == "tests" else item_lines, language)


def assert_reads_the_same(items: Any, kind: FileKind, language: Language) -> None:
    text = written(items, kind, language)

    if kind == "tests":
        cases, found = parse_tests(Source("x.test.rules", text))
        again: Any = cases.cases
    else:
        file, found = parse_file(Source("x.rules", text))
        again = file.items

    assert [each.message for each in found] == [], text
    assert again == items, text
    assert format_source(Source("x", text), kind).text == text


@pytest.mark.parametrize("language", ["en", "ru"])
@many_examples
@given(items=rule_items)
def test_every_rule_file_reads_back_as_it_was(language: Language, items: Any):
    assert_reads_the_same(items, "rules", language)


@pytest.mark.parametrize("language", ["en", "ru"])
@many_examples
@given(items=test_cases)
def test_every_test_file_reads_back_as_it_was(language: Language, items: Any):
    assert_reads_the_same(items, "tests", language)


@many_examples
@given(items=rule_items)
def test_a_rule_file_translated_there_and_back_is_what_it_was(items: Any):
    text = written(items, "rules", "en")

    russian = format_source(Source("x", text), "rules", language="ru").text

    assert russian is not None
    assert format_source(Source("x", russian), "rules", language="en").text == text


@many_examples
@given(items=test_cases)
def test_a_test_file_translated_there_and_back_is_what_it_was(items: Any):
    text = written(items, "tests", "en")

    russian = format_source(Source("x", text), "tests", language="ru").text

    assert russian is not None
    assert format_source(Source("x", russian), "tests", language="en").text == text
