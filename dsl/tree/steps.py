"""Steps: sends, waits, branches, splits, and the actions on data and on the world outside."""

from __future__ import annotations

from dsl import syntax
from dsl.keywords import CHANNELS
from dsl.parse_tree import Token, Tree
from dsl.source import Span
from dsl.tree.builder import Builder, Parts, is_token, token, tokens, tree, trees
from dsl.tree.triggers import same, weekday_numbers
from dsl.tree.values import pairs


def channel(word: Token) -> str:
    return CHANNELS[word.lower()]


def send(b: Builder, span: Span, parts: Parts) -> syntax.Send:
    first, *fallbacks = b.nodes(trees(parts, "to_channel", "to_best"))
    unless = tree(parts, "send_unless")
    return syntax.Send(
        span=span,
        first=first,
        variables=pairs(b, parts),
        fallbacks=tuple(fallbacks),
        unless=b.node(unless.children[1]) if unless else None,
    )


def to_channel(b: Builder, span: Span, parts: Parts) -> syntax.Recipient:
    return syntax.Recipient(span=span, channel=channel(tokens(parts, "CHANNEL")[0]), template=b.node(parts[1]))


def to_best(b: Builder, span: Span, parts: Parts) -> syntax.Recipient:
    best_of = tuple([channel(word) for word in tokens(parts, "CHANNEL")])
    return syntax.Recipient(span=span, channel=None, template=b.node(parts[-1]), best_of=best_of)


def wait(b: Builder, span: Span, parts: Parts) -> syntax.Wait:
    return syntax.Wait(span=span, duration=b.node(parts[1]))


def wait_until_clock(b: Builder, span: Span, parts: Parts) -> syntax.WaitUntilClock:
    return syntax.WaitUntilClock(
        span=span,
        at=b.node(parts[-1]),
        weekdays=weekday_numbers(tokens(parts, "WEEKDAY")),
        tomorrow=token(parts, "TOMORROW") is not None,
    )


def wait_until_date(b: Builder, span: Span, parts: Parts) -> syntax.WaitUntilDate:
    at = token(parts, "TIME")
    return syntax.WaitUntilDate(span=span, date=b.node(parts[2]), at=b.node(at) if at else None)


def wait_until_moment(b: Builder, span: Span, parts: Parts) -> syntax.WaitUntilMoment:
    path, offset, at = tree(parts, "date_path"), token(parts, "DURATION"), token(parts, "TIME")
    return syntax.WaitUntilMoment(
        span=span,
        path=b.node(path) if path else None,
        offset=b.node(offset) if offset else None,
        before=token(parts, "BEFORE") is not None,
        at=b.node(at) if at else None,
        or_now=token(parts, "OR_NOW") is not None,
    )


def wait_for(b: Builder, span: Span, parts: Parts) -> syntax.WaitFor:
    return syntax.WaitFor(span=span, events=b.node(parts[1]), same=same(b, parts), up_to=b.node(parts[-1]))


def branch(b: Builder, span: Span, parts: Parts) -> syntax.Branch:
    otherwise = tree(parts, "else_arm")
    return syntax.Branch(
        span=span,
        arms=b.nodes(trees(parts, "if_arm", "else_if_arm")),
        otherwise=b.nodes(otherwise.children[1:]) if otherwise else None,
    )


def arm(b: Builder, span: Span, parts: Parts) -> syntax.Arm:
    return syntax.Arm(span=span, condition=b.node(parts[1]), steps=b.nodes(parts[3:]))


def split(b: Builder, span: Span, parts: Parts) -> syntax.Split:
    name = token(parts, "STRING")
    return syntax.Split(span=span, name=b.text(name) if name else None, arms=b.nodes(trees(parts, "split_arm")))


def split_arm(b: Builder, span: Span, parts: Parts) -> syntax.SplitArm:
    label = token(parts, "STRING")
    return syntax.SplitArm(
        span=span,
        share=b.node(parts[0]),
        label=b.text(label) if label else None,
        steps=b.nodes(part for part in parts if isinstance(part, Tree)),
        holdout=token(parts, "HOLDOUT") is not None,
    )


def exit_(b: Builder, span: Span, parts: Parts) -> syntax.Exit:
    return syntax.Exit(span=span)


def set_attribute(b: Builder, span: Span, parts: Parts) -> syntax.SetAttribute:
    return syntax.SetAttribute(span=span, path=b.node(parts[1]), value=b.node(parts[3]))


def change_number(b: Builder, span: Span, parts: Parts) -> syntax.ChangeNumber:
    increases = is_token(parts[0], "INCREASE")
    return syntax.ChangeNumber(span=span, path=b.node(parts[1]), by=b.node(parts[3]), sign=1 if increases else -1)


def tag(b: Builder, span: Span, parts: Parts) -> syntax.Tag:
    return syntax.Tag(span=span, tag=b.node(parts[2]), add=is_token(parts[0], "ADD"))


def points(b: Builder, span: Span, parts: Parts) -> syntax.Points:
    per, of = token(parts, "MONEY"), tree(parts, "path")
    return syntax.Points(
        span=span,
        amount=int(tokens(parts, "INT")[0]),
        add=is_token(parts[0], "ADD"),
        per=b.node(per) if per else None,
        of=b.node(of) if of else None,
    )


def issue_promo(b: Builder, span: Span, parts: Parts) -> syntax.IssuePromo:
    valid = token(parts, "DURATION")
    return syntax.IssuePromo(span=span, pool=b.node(parts[2]), valid=b.node(valid) if valid else None)


def emit(b: Builder, span: Span, parts: Parts) -> syntax.Emit:
    return syntax.Emit(span=span, event=b.name(tokens(parts, "NAME")[0]), properties=pairs(b, parts))


def call(b: Builder, span: Span, parts: Parts) -> syntax.Call:
    return syntax.Call(span=span, target=b.node(parts[1]), properties=pairs(b, parts))


def notify(b: Builder, span: Span, parts: Parts) -> syntax.Notify:
    return syntax.Notify(span=span, group=b.node(parts[1]), message=b.node(parts[2]))
