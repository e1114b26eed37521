"""Conditions with thousands of parts, as pasted from a table: told right, at a cost that does not run away."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from types import FrameType

import pytest

from dsl.around import Around
from dsl.compiler import compile_rules
from dsl.diagnostics import Diagnostic
from dsl.parser import parse_file
from dsl.source import Source
from tests.dsl.shop import SHOP

HALVES = [
    pytest.param("customer.age > 5", "customer.age <= 5", "W520", "and", id="more and at most"),
    pytest.param("customer.age > 5", "customer.age <= 6", None, "and", id="more and at most, with one between"),
    pytest.param("customer.age >= 5", "customer.age <= 5", None, "and", id="the border alone is left"),
    pytest.param("customer.age >= 5", "customer.age < 5", "W520", "and", id="at least and less"),
    pytest.param("customer.age is 5", "customer.age is 6", "W520", "and", id="one and another"),
    pytest.param("customer.age is 5", "customer.age > 5", "W520", "and", id="one and more than it"),
    pytest.param("customer.age > 5", "customer.age <= 5", "W522", "or", id="more or at most"),
    pytest.param("customer.age > 5", "customer.age <= 6", None, "or", id="more or at most another"),
    pytest.param(
        'customer.tier is not "gold"', 'customer.tier is not "silver"', "W522", "or", id="not one or not another"
    ),
    pytest.param('customer.tier is not "gold"', 'customer.tier is not "gold"', None, "or", id="not one, twice"),
    pytest.param("customer.city is known", "customer.city is unknown", "W522", "or", id="known or unknown"),
    pytest.param("customer.subscribed is yes", "not customer.subscribed is yes", "W522", "or", id="so or not so"),
]


def linted(condition: str) -> list[Diagnostic]:
    file, mistakes = parse_file(Source("rules/a.rules", f'when pinged only if {condition} send email "cart"\n'))
    assert not mistakes, mistakes
    return compile_rules([file], SHOP, Around(today=date(2026, 11, 22)))[1]


@pytest.mark.parametrize(("first", "second", "code", "joint"), HALVES)
@pytest.mark.parametrize("turned", [False, True], ids=["in this order", "the other way round"])
def test_two_parts_are_held_against_each_other_however_many_stand_between(
    first: str, second: str, code: str | None, joint: str, turned: bool
):
    between = [f'customer.first_name is "n{number}"' if joint == "or" else f"event.n > {number}" for number in range(9)]
    ends = [second, first] if turned else [first, second]

    found = linted(f" {joint} ".join([ends[0], *between, ends[1]]))

    assert [each.code for each in found if each.code in ("W520", "W522")] == ([code] if code else [])


def test_a_looser_limit_does_not_hide_the_tighter_one_before_it():
    found = linted("customer.age > 5 and customer.age >= 5 and customer.age > 3 and customer.age <= 5")

    assert "W520" in [each.code for each in found]


@pytest.mark.parametrize(
    "part",
    [
        pytest.param('customer.city is "c{}" or', id="is"),
        pytest.param('customer.city is not "c" and event.n > {} and', id="is not"),
        pytest.param("not customer.age is {} or", id="not"),
        pytest.param("customer.age > {} and", id="more"),
    ],
)
def test_four_times_as_many_parts_are_about_four_times_the_work(part: str):
    few, many = calls_of(part, 100), calls_of(part, 400)

    assert many < few * 6


def calls_of(part: str, count: int) -> int:
    """Calls of Python functions while a condition of so many parts is checked."""
    condition = " ".join(part.format(number) for number in range(count)).rpartition(" ")[0]
    linted(condition)  # what is made once is made
    return calls_in(lambda: linted(condition))


def calls_in(work: Callable[[], object]) -> int:
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls
