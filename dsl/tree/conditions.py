"""Conditions."""

from __future__ import annotations

from typing import Any

from dsl import syntax
from dsl.parse_tree import Token
from dsl.source import Span
from dsl.tree.builder import Builder, Parts, is_token

_COMPARISONS = {"IS": "is", "IS_NOT": "is not"}


def operands(b: Builder, parts: Parts) -> tuple[Any, ...]:
    return b.nodes(part for part in parts if not is_token(part, "OR", "AND"))


def any_of(b: Builder, span: Span, parts: Parts) -> syntax.Or:
    return syntax.Or(span=span, operands=operands(b, parts))


def all_of(b: Builder, span: Span, parts: Parts) -> syntax.And:
    return syntax.And(span=span, operands=operands(b, parts))


def negation(b: Builder, span: Span, parts: Parts) -> syntax.Not:
    return syntax.Not(span=span, operand=b.node(parts[1]))


def comparison(b: Builder, span: Span, parts: Parts) -> syntax.Comparison:
    sign = parts[1]
    assert isinstance(sign, Token)
    word: Any = _COMPARISONS.get(sign.type, str(sign))
    return syntax.Comparison(span=span, left=b.node(parts[0]), comparison=word, right=b.node(parts[2]))


def between(b: Builder, span: Span, parts: Parts) -> syntax.Between:
    return syntax.Between(span=span, value=b.node(parts[0]), low=b.node(parts[2]), high=b.node(parts[4]))


def in_group(b: Builder, span: Span, parts: Parts) -> syntax.OneOf:
    value, sign, group = parts
    members = b.name(group) if isinstance(group, Token) else b.node(group)
    return syntax.OneOf(span=span, value=b.node(value), group=members, negated=is_token(sign, "NOT_IN"))


def contains(b: Builder, span: Span, parts: Parts) -> syntax.Contains:
    return syntax.Contains(span=span, value=b.node(parts[0]), part=b.node(parts[2]))


def starts_with(b: Builder, span: Span, parts: Parts) -> syntax.StartsWith:
    return syntax.StartsWith(span=span, value=b.node(parts[0]), part=b.node(parts[2]))


def is_known(b: Builder, span: Span, parts: Parts) -> syntax.IsKnown:
    return syntax.IsKnown(span=span, value=b.node(parts[0]), known=is_token(parts[1], "IS_KNOWN"))


def is_flag(b: Builder, span: Span, parts: Parts) -> syntax.IsFlag:
    return syntax.IsFlag(span=span, value=b.node(parts[0]), yes=is_token(parts[2], "YES"))


def arrived(b: Builder, span: Span, parts: Parts) -> syntax.Arrived:
    return syntax.Arrived(span=span)


def issued(b: Builder, span: Span, parts: Parts) -> syntax.Issued:
    return syntax.Issued(span=span)


def in_last(b: Builder, span: Span, parts: Parts) -> syntax.InLast:
    return syntax.InLast(span=span, path=b.node(parts[0]), within=b.node(parts[2]))


def truth(b: Builder, span: Span, parts: Parts) -> syntax.Truth:
    return syntax.Truth(span=span, value=b.node(parts[0]))


def brackets(b: Builder, span: Span, parts: Parts) -> Any:
    return b.node(parts[1])
