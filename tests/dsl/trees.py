"""Short ways to write syntax nodes without places, and to read one part of a text."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import Any

from dsl import syntax
from dsl.parser import parse_file, parse_tests
from dsl.source import Source, Span

HERE = Span(0, 0)  # places take no part in comparisons


def node(kind: type[Any], **content: Any) -> Any:
    return kind(span=HERE, **content)


def name(text: str) -> syntax.Name:
    return syntax.Name(span=HERE, text=text)


def text(words: str) -> syntax.Text:
    return syntax.Text(span=HERE, text=words)


def number(value: str | int) -> syntax.Number:
    return syntax.Number(span=HERE, value=Decimal(value))


def percent(value: str | int) -> syntax.Percent:
    return syntax.Percent(span=HERE, value=Decimal(value))


def money(amount: str | int, currency: str = "RUB") -> syntax.Money:
    return syntax.Money(span=HERE, amount=Decimal(amount), currency=currency)


def length(amount: int, unit: syntax.Unit) -> syntax.Duration:
    return syntax.Duration(span=HERE, amount=amount, unit=unit)


def day(iso: str) -> syntax.Date:
    return syntax.Date(span=HERE, value=date.fromisoformat(iso))


def clock(hour: int, minute: int = 0) -> syntax.ClockTime:
    return syntax.ClockTime(span=HERE, value=time(hour, minute))


def path(dotted: str) -> syntax.Path:
    return syntax.Path(span=HERE, parts=tuple(name(part) for part in dotted.split(".")))


def events(*names: str, where: syntax.Condition | None = None) -> syntax.Events:
    return syntax.Events(span=HERE, names=tuple(name(word) for word in names), where=where)


def truth(dotted: str) -> syntax.Truth:
    return syntax.Truth(span=HERE, value=path(dotted))


def pair(key: str, value: syntax.Value) -> syntax.Pair:
    return syntax.Pair(span=HERE, name=name(key), value=value)


def to(channel: str, template: str) -> syntax.Recipient:
    return syntax.Recipient(span=HERE, channel=channel, template=text(template))


def items(written: str) -> tuple[syntax.Item, ...]:
    parsed, found = parse_file(Source("a.rules", written))
    assert found == []
    return parsed.items


def rule(written: str) -> syntax.Rule:
    (only,) = items(written)
    assert isinstance(only, syntax.Rule)
    return only


def trigger(written: str) -> syntax.Trigger:
    return rule(f'{written} send email "x"').trigger


def clause(written: str) -> syntax.Clause:
    (only,) = rule(f'when a {written} send email "x"').clauses
    return only


def step(written: str) -> syntax.Step:
    (only,) = rule(f"when a {written}").steps
    return only


def condition(written: str) -> syntax.Condition:
    (only,) = items(f"segment s means {written}")
    assert isinstance(only, syntax.Segment)
    return only.condition


def case(written: str) -> syntax.TestCase:
    parsed, found = parse_tests(Source("a.test.rules", written))
    assert found == []
    (only,) = parsed.cases
    return only


def line(written: str) -> Any:
    (first, *_) = case(f'test "t"\n  {written}\n  expect nothing').lines
    return first
