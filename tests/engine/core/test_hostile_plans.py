"""No name and no constant of a plan reaches the generated source; no nonsense in a plan makes a condition raise."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from dsl import plan
from engine.core.conditions import expressions
from engine.core.conditions.dispatch import Entry, build_dispatch
from engine.core.conditions.expressions import test_of as compile_test
from engine.core.conditions.scope import Scope

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)

HOSTILE = [
    "getattr(__import__('os'), 'abort')()",
    '"); raise SystemExit #', "'''", '"""', "\\", "\n raise SystemExit", "\x00", "k0", "e",
    "{x}", "\ud800", "True", "a" * 100_000,
]  # fmt: skip
SHAPES: list[plan.JSON] = [
    None,
    True,
    0,
    -1,
    10**400,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "x",
    [],
    [1],
    {},
    {"amount": []},
]
SHAPES += [{"amount": "1", "currency": 5}, {"amount": float("nan"), "currency": "RUB"}]
KINDS = [
    "text",
    "number",
    "flag",
    "date",
    "moment",
    "money",
    "percent",
    "duration",
    "record",
    "list of text",
    "nonsense",
    "",
]


def scope() -> Scope:
    return Scope(now=NOW, zone=ZoneInfo("UTC"), seen={})


@pytest.mark.parametrize("word", HOSTILE)
def test_hostile_words_are_only_ever_data(word):
    of_event = plan.Compare(plan.Property(word, "text"), "is", plan.Constant("text", word))
    of_customer = plan.Contains(plan.Attribute(word, "text"), plan.Constant("text", word))
    node = plan.All((of_event, of_customer, plan.Not(plan.Happened(word, plan.Length(1, "day")))))
    facts = {word: word}

    assert compile_test(node, word, zone=None)(facts, facts, scope()) is True
    assert build_dispatch([Entry(0, (node,), None)], word).matching(facts, facts, scope()) == [0]


def test_words_of_a_plan_are_not_in_the_source():
    sources: list[str] = []
    writer = expressions.Writer("SECRET_CURRENCY")
    node = plan.OneOf(plan.Property("secret_name", "text"), (plan.Constant("text", "secret_text"),))

    sources.append(writer.condition(node))
    sources += writer.lines

    assert "secret" not in " ".join(sources).lower()


def test_rules_of_one_shape_share_their_code():
    tests = [
        compile_test(plan.Compare(plan.Property(name, "number"), ">", plan.Constant("number", limit)), None, zone=None)
        for name, limit in (("total", 5), ("items", 7.5))
    ]

    assert tests[0].__code__ is tests[1].__code__
    assert [test({"total": 6, "items": 6}, {}, scope()) for test in tests] == [True, False]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("constant", SHAPES, ids=repr)
def test_no_constant_and_no_value_makes_a_condition_raise(kind, constant):
    value, other = plan.Property("x", kind), plan.Constant(kind, constant)
    nodes = [
        *(plan.Compare(value, comparison, other) for comparison in ("is", "is not", ">", "<", ">=", "<=")),
        *(plan.Compare(value, comparison, plan.Attribute("x", kind)) for comparison in ("is", "is not", ">", "<=")),
        plan.Compare(other, "is", value),
        plan.Between(value, other, other),
        plan.OneOf(value, (other, other)),
        plan.Contains(value, other),
        plan.Contains(plan.Property("x", f"list of {kind}"), other),
        plan.StartsWith(value, other),
        plan.IsKnown(value),
        plan.InLast(value, plan.Length(10**9, "year")),
        plan.InLast(plan.Attribute("x", kind, repeats=True), plan.Length(1, "day")),
        plan.Compare(plan.Property("x.y.z", kind), "is", other),
    ]
    tests = [compile_test(node, "RUB", zone=None) for node in nodes]

    for raw in SHAPES:
        facts = {"x": raw}
        assert {test(facts, facts, scope()) for test in tests} <= {True, False}


def test_nested_conditions_are_compiled_however_deep():
    node: plan.Expression = plan.Compare(plan.Property("x", "number"), ">", plan.Constant("number", 1))
    for level in range(150):
        node = plan.Not(node) if level % 2 else plan.All((node, plan.Not(plan.IsKnown(plan.Property("y", "text")))))

    compiled = compile_test(node, None, zone=None)

    assert compiled({"x": 2}, {}, scope()) in (True, False)
