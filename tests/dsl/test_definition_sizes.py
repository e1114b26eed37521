"""Definitions that mention definitions are compiled with all of them in their place, so there is an end to it."""

from __future__ import annotations

import pytest

from dsl.compiler import compile_rules
from dsl.parser import parse_file
from dsl.source import Source
from tests.dsl.shop import SHOP

FIRST = "customer.points > 1"


def codes(*definitions: str, kind: str = "define") -> list[str]:
    """Of a file whose definitions `d0`, `d1` … mean this, and of a rule that asks the last one."""
    last = len(definitions) - 1
    lines = [f"{kind} d{number} means {meaning}" for number, meaning in enumerate(definitions)]
    asked = f"customer in d{last}" if kind == "segment" else f"d{last}"
    lines.append(f'when cart_abandoned only if {asked} send email "cart"')
    file, found = parse_file(Source("rules/test.rules", "\n".join(lines)))
    return [each.code for each in (*found, *compile_rules([file], SHOP)[1]) if each.code.startswith("E")]


def chain(length: int) -> list[str]:
    return [FIRST, *(f"d{number}" for number in range(length - 1))]


def test_fifty_definitions_inside_each_other_are_understood():
    assert codes(*chain(50)) == []


@pytest.mark.parametrize("length", [51, 5_000])
def test_more_are_refused_once_and_what_uses_them_is_not_followed(length: int):
    assert codes(*chain(length)) == ["E134"]


@pytest.mark.parametrize("length", [15, 50])
def test_definitions_that_double_are_refused_before_they_are_written_out(length: int):
    assert codes(FIRST, *(f"d{number} and d{number}" for number in range(length - 1))) == ["E134"]


def test_so_are_segments_that_double():
    doubling = (f"customer in d{number} or customer in d{number}" for number in range(49))

    assert codes(FIRST, *doubling, kind="segment") == ["E134"]


def test_a_long_circle_is_still_a_circle():
    assert codes("d1", "d2", "d0") == ["E209"]
