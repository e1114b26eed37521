"""Guards and the other lines between a trigger and the first step."""

from __future__ import annotations

from typing import Any

from dsl import syntax
from dsl.keywords import CHANNELS
from dsl.parse_tree import Token
from dsl.source import Span
from dsl.tree.builder import Builder, Parts, is_token, token, tokens, tree
from dsl.tree.triggers import same
from dsl.tree.values import period


def only_if(b: Builder, span: Span, parts: Parts) -> syntax.OnlyIf:
    return syntax.OnlyIf(span=span, condition=b.node(parts[1]))


def unless(b: Builder, span: Span, parts: Parts) -> syntax.Unless:
    return syntax.Unless(span=span, condition=b.node(parts[1]))


def stop_when(b: Builder, span: Span, parts: Parts) -> syntax.StopWhen:
    return syntax.StopWhen(span=span, events=b.node(parts[1]), same=same(b, parts))


def goal(b: Builder, span: Span, parts: Parts) -> syntax.Goal:
    return syntax.Goal(span=span, events=b.node(parts[1]), within=b.node(parts[3]))


def once_per(b: Builder, span: Span, parts: Parts) -> syntax.OncePer:
    key, window = tree(parts, "key_path"), token(parts, "DURATION", "PERIOD")
    return syntax.OncePer(
        span=span,
        key=b.node(key) if key else None,
        window=period(b, window) if window else None,
    )


def if_repeated(b: Builder, span: Span, parts: Parts) -> syntax.IfRepeated:
    policy: Any = token(parts[1:], "RESTART", "IGNORE", "PARALLEL")
    return syntax.IfRepeated(span=span, policy=policy.type.lower())


def cap(b: Builder, span: Span, parts: Parts) -> syntax.Cap:
    _, limit, what, _, per = parts
    assert isinstance(limit, Token) and isinstance(what, Token) and isinstance(per, Token)
    channel = CHANNELS[what.lower()] if what.type == "CHANNEL" else None
    return syntax.Cap(span=span, limit=int(limit), channel=channel, per=period(b, per))


def first_customers(b: Builder, span: Span, parts: Parts) -> syntax.FirstCustomers:
    return syntax.FirstCustomers(span=span, limit=int(tokens(parts, "INT")[0]))


def quiet_hours(b: Builder, span: Span, parts: Parts) -> syntax.QuietHours:
    return syntax.QuietHours(span=span, start=b.node(parts[1]), end=b.node(parts[3]))


def ignore_quiet_hours(b: Builder, span: Span, parts: Parts) -> syntax.IgnoreQuietHours:
    return syntax.IgnoreQuietHours(span=span)


def transactional(b: Builder, span: Span, parts: Parts) -> syntax.Transactional:
    return syntax.Transactional(span=span)


def catch_up(b: Builder, span: Span, parts: Parts) -> syntax.CatchUp:
    return syntax.CatchUp(span=span, within=b.node(parts[1]))


def timezone(b: Builder, span: Span, parts: Parts) -> syntax.Timezone:
    return syntax.Timezone(span=span, zone=None if is_token(parts[1], "CUSTOMER") else b.node(parts[1]))


def priority(b: Builder, span: Span, parts: Parts) -> syntax.Priority:
    return syntax.Priority(span=span, value=int(tokens(parts, "INT")[0]))


def active(b: Builder, span: Span, parts: Parts) -> syntax.Active:
    dates = b.nodes(tokens(parts, "DATE"))
    return syntax.Active(span=span, since=dates[0], until=dates[1] if len(dates) > 1 else None)


def owner(b: Builder, span: Span, parts: Parts) -> syntax.Owner:
    return syntax.Owner(span=span, name=b.node(parts[1]))


def description(b: Builder, span: Span, parts: Parts) -> syntax.Description:
    return syntax.Description(span=span, text=b.node(parts[1]))
