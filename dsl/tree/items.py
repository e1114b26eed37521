"""Rules, segments, definitions, constants, imports."""

from __future__ import annotations

from dsl import syntax
from dsl.parse_tree import Tree
from dsl.source import Span
from dsl.tree.builder import Builder, Parts, as_token, is_token, tokens, tree
from dsl.tree.mistakes import report_rule_without_steps
from dsl.tree.triggers import TRIGGERS

CLAUSES = (
    "only_if", "unless", "stop_when", "goal", "once_per", "if_repeated", "cap", "first_customers", "quiet_hours",
    "ignore_quiet_hours", "transactional", "catch_up", "timezone", "priority", "active", "owner", "description",
)  # fmt: skip

_NOT_STEPS = frozenset((*CLAUSES, *TRIGGERS, "delay"))


def rule(b: Builder, span: Span, parts: Parts) -> syntax.Rule:
    trigger, delay = tree(parts, *TRIGGERS), tree(parts, "delay")
    assert trigger is not None
    steps = [part for part in parts if isinstance(part, Tree) and part.data not in _NOT_STEPS]
    if not steps:
        report_rule_without_steps(b, parts)
    return syntax.Rule(
        span=span,
        name=b.text(as_token(parts[1])) if is_token(parts[0], "RULE") else None,
        trigger=b.node(trigger),
        delay=b.node(delay.children[1]) if delay else None,
        clauses=b.nodes(part for part in parts if isinstance(part, Tree) and part.data in CLAUSES),
        steps=b.nodes(steps),
    )


def use(b: Builder, span: Span, parts: Parts) -> syntax.Use:
    return syntax.Use(span=span, path=b.node(parts[1]))


def let(b: Builder, span: Span, parts: Parts) -> syntax.Let:
    return syntax.Let(span=span, name=b.name(tokens(parts, "NAME")[0]), value=b.node(parts[3]))


def define(b: Builder, span: Span, parts: Parts) -> syntax.Define:
    return syntax.Define(span=span, name=_name(b, parts), condition=b.node(parts[3]))


def segment(b: Builder, span: Span, parts: Parts) -> syntax.Segment:
    return syntax.Segment(span=span, name=_name(b, parts), condition=b.node(parts[3]))


def _name(b: Builder, parts: Parts) -> syntax.Name:
    return b.name(as_token(parts[1]))
