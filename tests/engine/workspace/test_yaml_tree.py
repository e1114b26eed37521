"""YAML with places, and without its traps."""

from __future__ import annotations

import pytest

from dsl.problems import Problems
from dsl.source import Source
from engine.workspace.yaml_tree import Items, Mapping, Scalar, parse_yaml


def read(text: str) -> tuple[Mapping | None, list[str]]:
    problems = Problems(Source("test.yaml", text))
    tree = parse_yaml(problems.source, problems)
    return tree, [each.code for each in problems.found]


def value(text: str) -> object:
    tree, found = read(f"a: {text}")
    assert found == []
    assert tree is not None
    scalar = tree.get("a")
    assert isinstance(scalar, Scalar)
    return scalar.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("off", "off"),
        ("true", True),
        ("10:00", "10:00"),
        ("22:30:00", "22:30:00"),
        ("2026-01-01", "2026-01-01"),
        ("012", 12),
        ("1e3", "1e3"),
        ("1.5", 1.5),
        ("", None),
        ('"1"', "1"),
        ("'true'", "true"),
    ],
)
def test_words_keep_what_they_say(text: str, expected: object):
    assert value(text) == expected


def test_places_count_code_points_also_after_emoji_and_windows_line_ends():
    text = "a: 'тест 🎉'\r\nб:\r\n  - x # 🎉\r\n  - yy\r\n"

    tree, _ = read(text)

    assert tree is not None
    items = tree.get("б")
    assert isinstance(items, Items)
    assert [text[item.span.start : item.span.end] for item in items.items] == ["x", "yy"]
    assert text[tree.entries["б"].key_span.start] == "б"


def test_a_value_may_be_written_once_and_used_twice():
    tree, found = read("a: &money {type: money}\nb: *money")

    assert found == []
    assert tree is not None
    assert tree.get("a") == tree.get("b")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: {b: c", "E503"),
        ("a: b: c", "E503"),
        ("- a\n- b", "E503"),
        ("just words", "E503"),
        ("a:\n\tb: c", "E504"),
        ("a: 1\na: 2", "E505"),
        ("{[a, b]: c}", "E503"),
        ("a: !!python/object:os.system x", "E503"),
        ("a: !secret x", "E503"),
        ("a: *nowhere", "E503"),
        ("a: \x07", "E503"),
        ("<<: {a: b}", "E503"),
        ("a: &a [*a]", "E503"),
        ("a: " + "[" * 500, "E503"),
        ("a: " + "[" * 100_000, "E503"),
        ("a: 1\n---\nb: 2", "E503"),
        ("a: " + "x" * 1_000_001, "E503"),
    ],
    ids=lambda value: str(value)[:20].replace("\n", " "),
)
def test_what_is_not_plain_yaml_is_one_finding_and_no_traceback(text: str, code: str):
    _, found = read(text)

    assert found[:1] == [code]


def test_a_bomb_of_aliases_is_read_once_for_each_name():
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 15)]

    tree, _ = read("\n".join(lines))

    assert tree is not None
    assert tree.get("a14") is not None


def test_an_empty_file_is_empty():
    assert read("# nothing yet\n") == (Mapping({}, tree_span()), [])


def tree_span() -> object:
    tree, _ = read("")
    assert tree is not None
    return tree.span
