"""`kogda test --update`: expectations rewritten to what happens, and nothing else."""

from __future__ import annotations

import pytest

from dsl.parser import parse_tests
from dsl.source import Source
from engine.testing.cases.updating import difference, updated
from tests.testing.stage import TEST_PATH, run, workspace

BEGIN = '  at 2026-03-02 10:00 cart_abandoned with cart_id = "c1"\n'


def update(tests: str) -> str:
    file, mistakes = parse_tests(Source(TEST_PATH, tests))
    assert mistakes == []
    return updated(file, workspace())[0]


@pytest.mark.parametrize(
    "expected",
    [
        pytest.param('  expect email "cart" at 11:05\n  expect email "promo" at 2026-03-03 11:00\n', id="wrong time"),
        pytest.param("  expect nothing\n", id="nothing"),
        pytest.param('  expect email "cart" at 11:00\n', id="one is missing"),
        pytest.param('  expect email "cart" at 11:00\n  expect no email "promo"\n', id="a wrong no"),
    ],
)
def test_a_failing_test_passes_after_it_was_updated(expected: str):
    tests = f'test "cart"\n  customer with email = "a@example.com"\n{BEGIN}{expected}'
    assert [each.status for each in run(tests)] == ["failed"]

    after = update(tests)

    assert [each.status for each in run(after)] == ["passed"]


def test_expectations_that_held_stay_as_they_were_written():
    tests = (
        f'test "cart"\n  customer with email = "a@example.com"\n{BEGIN}'
        '  expect email "cart" at plus 1h # an hour later\n  expect email "promo" at 2026-03-09 11:00\n'
    )

    after = update(tests)

    assert after == tests.replace(
        '  expect email "promo" at 2026-03-09 11:00\n', '  expect email "promo" at 2026-03-03 11:00\n'
    )


def test_tests_that_pass_and_those_with_examples_are_left_alone():
    passing = f'test "right"\n{BEGIN}  expect nothing\n'
    row = '  at 2026-03-02 10:00 cart_abandoned with cart_id = <cart>\n  expect email "cart" at 10:00\n'
    examples = f'test "rows"\n{row}  examples cart\n    "c1"\n'

    assert update(passing) == passing
    assert update(examples) == examples


def test_each_customer_is_named_where_there_are_several():
    tests = (
        'test "two"\n  customer ann with email = "a@example.com"\n  customer bob with email = "b@example.com"\n'
        "  at 2026-03-02 10:00 order_placed for ann\n  at 10:30 order_placed for bob\n  expect nothing\n"
    )

    after = update(tests)

    assert 'expect email "order" at 2026-03-02 10:00 for ann\n' in after
    assert 'expect email "order" at 2026-03-02 10:30 for bob' in after
    assert [each.status for each in run(after)] == ["passed"]


def test_only_tests_with_the_asked_title_are_updated():
    tests = f'test "one"\n{BEGIN}  expect email "cart" at 9:00\ntest "two"\n{BEGIN}  expect email "cart" at 9:00\n'
    file, _ = parse_tests(Source(TEST_PATH, tests))

    after, count = updated(file, workspace(), run="TWO")

    assert count == 1
    assert after.split('test "two"')[0] == tests.split('test "two"')[0]


def test_a_difference_names_the_file():
    assert list(difference("rules/a.test.rules", "one\n", "two\n")) == [
        "--- a/rules/a.test.rules\n", "+++ b/rules/a.test.rules\n", "@@ -1 +1 @@\n", "-one\n", "+two\n",
    ]  # fmt: skip
