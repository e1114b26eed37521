"""The generated code against a slow, obvious evaluator of the same trees, over random expressions and facts."""

from __future__ import annotations

import operator
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from dsl import plan
from engine.core.dispatch import Entry, build_dispatch
from engine.core.expressions import test_of as compile_test
from engine.core.scope import Scope

NOW = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Moscow")  # already 3 March there
BEGAN = NOW - timedelta(hours=5)
CURRENCY = "RUB"
KINDS = ("text", "number", "flag", "date", "moment", "money")


# The reference: three answers (a value, or None for unknown), no cleverness.


def read(kind: str, raw: Any, beside: Any) -> Any:
    match kind:
        case "text":
            return raw if isinstance(raw, str) else None
        case "number":
            is_number = isinstance(raw, int | float) and not isinstance(raw, bool)
            return Fraction(raw) if is_number and raw == raw and abs(raw) != float("inf") else None
        case "flag":
            return raw if isinstance(raw, bool) else None
        case "date":
            return read_date(raw)
        case "moment":
            return read_moment(raw)
        case "money":
            return read_money(raw, beside)
    return None


def read_date(raw: Any) -> date | None:
    if not isinstance(raw, str) or not re.match(r".{10}($|[Tt ])", raw, re.DOTALL):
        return None
    try:
        return date.fromisoformat(raw[:10])
    except ValueError:
        return None


def read_moment(raw: Any) -> datetime | None:
    try:
        parsed = datetime.fromisoformat(raw) if isinstance(raw, str) else None
    except ValueError:
        return None
    if parsed is None:
        return None
    parsed = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return parsed if datetime(1, 1, 3, tzinfo=UTC) <= parsed <= datetime(9999, 12, 29, tzinfo=UTC) else None


def read_money(raw: Any, beside: Any) -> tuple[str, Fraction] | None:
    if isinstance(raw, dict):
        raw, beside = raw.get("amount"), raw.get("currency")
    currency = beside.upper() if isinstance(beside, str) and len(beside) == 3 else CURRENCY
    if isinstance(raw, str):
        written = re.fullmatch(r"([+-]?[0-9]{1,30}(?:[.,][0-9]{1,30})?)\s*([A-Za-z]{3})?", raw.strip())
        if not written:
            return None
        return (written[2] or currency).upper(), Fraction(written[1].replace(",", "."))
    if isinstance(raw, bool) or not isinstance(raw, int | float) or raw != raw or abs(raw) == float("inf"):
        return None
    return currency, Fraction(Decimal(repr(raw)))


class Reference:
    def __init__(self, event: dict[str, Any], attributes: dict[str, Any], seen: dict[str, datetime]) -> None:
        self.event, self.attributes, self.seen = event, attributes, seen

    def raw(self, operand: plan.Operand) -> Any:
        if isinstance(operand, plan.Constant):
            return operand.value
        found: Any = self.event if isinstance(operand, plan.Property) else self.attributes
        for part in operand.name.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return found

    def value(self, operand: plan.Operand) -> Any:
        beside = self.event.get("currency") if isinstance(operand, plan.Property) else None
        return read(operand.kind, self.raw(operand), beside)

    def holds(self, node: plan.Expression) -> bool:
        match node:
            case plan.All(operands):
                return all(self.holds(each) for each in operands)
            case plan.Any(operands):
                return any(self.holds(each) for each in operands)
            case plan.Not(operand):
                return not self.holds(operand)
            case plan.Compare(left, comparison, right):
                return self.compare(left, comparison, right)
            case plan.Between(value, low, high):
                return self.compare(value, ">=", low) and self.compare(value, "<=", high)
            case plan.OneOf(value, options):
                return any(self.compare(value, "is", option) for option in options)
            case plan.Contains(value, part):
                return self.contains(value, part)
            case plan.IsKnown(value):
                if value.kind.startswith("list of "):
                    return isinstance(self.raw(value), list)
                return self.value(value) is not None
        return self.holds_of_time_or_text(node)

    def holds_of_time_or_text(self, node: plan.Expression) -> bool:
        match node:
            case plan.StartsWith(value, part):
                ours, theirs = self.value(value), self.value(part)
                return both_text(ours, theirs) and ours.casefold().startswith(theirs.casefold())
            case plan.Happened(event, within):
                at = self.seen.get(event)
                return at is not None and at > (BEGAN if within is None else ago(within))
            case plan.InLast(value, within):
                return self.in_last(value, within)
        raise AssertionError(node)

    def compare(self, left: plan.Operand, comparison: str, right: plan.Operand) -> bool:
        ours, theirs = self.value(left), self.value(right)
        known = ours is not None and theirs is not None
        kinds = {left.kind, right.kind}
        if known and kinds == {"date", "moment"}:
            ours, theirs = as_day(ours), as_day(theirs)
        elif known and kinds == {"money"}:
            known = ours[0] == theirs[0]
        elif len(kinds) > 1:
            known = False
        if comparison == "is not":
            return not (known and ours == theirs)
        tests = {"is": operator.eq, ">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le}
        if kinds == {"flag"} and comparison != "is":
            return False
        return known and tests[comparison](ours, theirs)

    def contains(self, value: plan.Operand, part: plan.Operand) -> bool:
        wanted = self.value(part)
        if not value.kind.startswith("list of "):
            ours = self.value(value)
            return both_text(ours, wanted) and wanted.casefold() in ours.casefold()
        raw, kind = self.raw(value), value.kind.removeprefix("list of ")
        if wanted is None or not isinstance(raw, list):
            return False
        return any((read(kind, each, None)) == wanted for each in raw)

    def in_last(self, value: plan.Operand, within: plan.Length) -> bool:
        ours = self.value(value)
        if ours is None:
            return False
        if value.kind == "moment":
            return ago(within) < ours <= NOW
        return as_day(ago(within)) < ours <= as_day(NOW)


def both_text(one: Any, other: Any) -> bool:
    return isinstance(one, str) and isinstance(other, str)


def as_day(at: Any) -> date:
    return at.astimezone(ZONE).date() if isinstance(at, datetime) else at


def ago(length: plan.Length) -> datetime:
    if length.unit == "hour":
        return NOW - timedelta(hours=length.amount)
    wall = NOW.astimezone(ZONE).replace(tzinfo=None) - timedelta(days=length.amount)
    return wall.replace(tzinfo=ZONE).astimezone(UTC)


# Random trees and facts


hostile = st.sampled_from(["", "x' or True #", "\\", '"', "k0", "__import__('os')", "{e}", "\n", "\x00", "é", "ß", "İ"])
texts = st.sampled_from(["Moscow", "moscow", "Mos", "Kazan", "4200", "4200 RUB", "12.5 usd", "1,5"]) | hostile
numbers = st.sampled_from([0, 1, -1, 0.1, 0.3, 0.1 + 0.2, 1.0, 4200, 4200.1, 10**30, 1e300, -5.5]) | st.integers(-5, 5)
dates = st.sampled_from(["2026-03-01", "2026-03-02", "2026-03-03", "2026-02-29", "1992-02-29", "2026-3-2", "20260302"])
moments = st.sampled_from(
    ["2026-03-02T20:59:59Z", "2026-03-02T21:00:00Z", "2026-03-02T22:30:00+00:00", "2026-03-03T01:30:00+03:00",
     "2026-03-01T22:30:00", "2026-03-02T22:29:59.999999Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"]
)  # fmt: skip
amounts = st.fixed_dictionaries(
    {
        "amount": st.sampled_from(["4200", "4200.10", "0.1", "1.0000001"]) | numbers,
        "currency": st.sampled_from(["RUB", "USD"]),
    }
)
scalars = st.none() | st.booleans() | numbers | texts | dates | moments | amounts | st.floats()
junk = scalars | st.lists(scalars, max_size=3) | st.dictionaries(texts, scalars, max_size=2)
VALUES = {"text": texts, "number": numbers, "flag": st.booleans(), "date": dates, "moment": moments, "money": amounts}


def constants(kind: str) -> st.SearchStrategy[plan.Constant]:
    return st.builds(plan.Constant, st.just(kind), VALUES[kind])


def variables(kind: str) -> st.SearchStrategy[plan.Operand]:
    names = [f"{kind}_1", f"{kind}_2", f"deep.{kind}"]
    return st.builds(plan.Property, st.sampled_from(names), st.just(kind)) | st.builds(
        plan.Attribute, st.sampled_from(names), st.just(kind)
    )


kinds = st.sampled_from(KINDS)
comparisons = st.sampled_from(["is", "is not", ">", "<", ">=", "<="])
lengths = st.builds(plan.Length, st.integers(0, 40), st.sampled_from(["hour", "day"]))


@st.composite
def atoms(draw: st.DrawFn) -> plan.Expression:
    kind = draw(kinds)
    value, other = draw(variables(kind)), draw(variables(kind) | constants(kind))
    match draw(st.integers(0, 8)):
        case 0 | 1:
            return plan.Compare(value, draw(comparisons), other)
        case 2:
            left, right = draw(kinds), draw(kinds)
            return plan.Compare(draw(variables(left)), draw(comparisons), draw(constants(right) | variables(right)))
        case 3:
            return plan.Between(value, other, draw(constants(kind)))
        case 4:
            return plan.OneOf(value, tuple(draw(st.lists(constants(kind), max_size=3))))
        case 5 if kind == "text":
            return draw(st.sampled_from([plan.Contains, plan.StartsWith]))(value, other)
        case 5:
            listed = type(value)(f"list_{kind}", f"list of {kind}")
            return plan.Contains(listed, draw(constants(kind)))
        case 6:
            return plan.IsKnown(draw(st.sampled_from([value, plan.Property("list_text", "list of text")])))
        case 7:
            return plan.Happened(draw(st.sampled_from(["a", "b", "c"])), draw(st.none() | lengths))
    kind = draw(st.sampled_from(["date", "moment"]))
    return plan.InLast(draw(variables(kind)), draw(lengths))


expressions = st.recursive(
    atoms(),
    lambda inner: (
        st.builds(plan.Not, inner)
        | st.builds(plan.All, st.lists(inner, max_size=3).map(tuple))
        | st.builds(plan.Any, st.lists(inner, max_size=3).map(tuple))
    ),
    max_leaves=8,
)


@st.composite
def facts(draw: st.DrawFn) -> dict[str, Any]:
    bag: dict[str, Any] = {}
    for kind in KINDS:
        for name in (f"{kind}_1", f"{kind}_2"):
            if draw(st.booleans()):
                bag[name] = draw(VALUES[kind] | junk)
        bag[f"list_{kind}"] = draw(st.lists(VALUES[kind] | junk, max_size=3) | junk)
    bag["deep"] = draw(st.dictionaries(st.sampled_from(KINDS), junk | texts) | junk)
    if draw(st.booleans()):
        bag["currency"] = draw(st.sampled_from(["USD", "usd", "RUB", "", 5, None]))
    return bag


seens = st.dictionaries(
    st.sampled_from(["a", "b"]), st.integers(0, 40 * 24).map(lambda hours: NOW - timedelta(hours=hours))
)


@settings(max_examples=300, deadline=None)
@given(expressions, facts(), facts(), seens)
def test_generated_code_agrees_with_the_reference(node, event, attributes, seen):
    attributes.pop("currency", None)
    scope = Scope(now=NOW, zone=ZONE, seen=seen).of_run(BEGAN, arrived=None)

    held = compile_test(node, CURRENCY, zone=None)(event, attributes, scope)

    assert held is Reference(event, attributes, seen).holds(node)


@settings(max_examples=60, deadline=None)
@given(st.lists(expressions, min_size=1, max_size=12), facts(), facts(), seens)
def test_dispatch_finds_exactly_the_rules_that_hold(nodes, event, attributes, seen):
    attributes.pop("currency", None)
    entries = [Entry(number, (node,), None) for number, node in enumerate(nodes)]
    scope = Scope(now=NOW, zone=ZONE, seen=seen).of_run(BEGAN, arrived=None)

    found = build_dispatch(entries, CURRENCY).matching(event, attributes, scope)

    reference = Reference(event, attributes, seen)
    assert found == [number for number, node in enumerate(nodes) if reference.holds(node)]
