"""Test files: cases, what is given, what happens, what is expected."""

from __future__ import annotations

from dsl import syntax
from dsl.parse_tree import Token, Tree
from dsl.source import Span
from dsl.tree.builder import Builder, Parts, as_token, is_token, token, tokens, tree, trees
from dsl.tree.mistakes import report_test_without_expectations, report_uneven_row
from dsl.tree.steps import channel
from dsl.tree.values import pairs


def test_case(b: Builder, span: Span, parts: Parts) -> syntax.TestCase:
    lines = [part for part in parts if isinstance(part, Tree) and part.data != "examples"]
    table, todo = tree(parts, "examples"), is_token(parts[0], "TODO")
    if not todo and not any(str(line.data).startswith("expect") for line in lines):
        report_test_without_expectations(b, tokens(parts, "STRING")[0])
    return syntax.TestCase(
        span=span,
        title=b.text(tokens(parts, "STRING")[0]),
        lines=b.nodes(lines),
        todo=todo,
        open=token(parts, "OPEN") is not None,
        examples=b.node(table) if table else None,
    )


def whose(b: Builder, parts: Parts) -> syntax.Name | None:
    """The customer after `for`, when one is named."""
    found = tree(parts, "for_customer")
    return b.name(as_token(found.children[1])) if found else None


def given_customer(b: Builder, span: Span, parts: Parts) -> syntax.GivenCustomer:
    name = token(parts, "NAME")
    return syntax.GivenCustomer(span=span, name=b.name(name) if name else None, attributes=pairs(b, parts))


def given_history(b: Builder, span: Span, parts: Parts) -> syntax.GivenHistory:
    return syntax.GivenHistory(
        span=span,
        count=int(tokens(parts, "INT")[0]),
        event=b.name(tokens(parts, "NAME")[0]),
        within=b.node(tokens(parts, "DURATION")[0]),
        properties=pairs(b, parts),
        customer=whose(b, parts),
    )


def given_split(b: Builder, span: Span, parts: Parts) -> syntax.GivenSplit:
    return syntax.GivenSplit(span=span, split=b.node(parts[1]), takes=b.node(parts[3]))


def given_workspace(b: Builder, span: Span, parts: Parts) -> syntax.GivenWorkspace:
    return syntax.GivenWorkspace(span=span, settings=pairs(b, parts))


def given_failure(b: Builder, span: Span, parts: Parts) -> syntax.GivenFailure:
    return syntax.GivenFailure(span=span, template=b.node(parts[1]))


def given_pool(b: Builder, span: Span, parts: Parts) -> syntax.GivenPool:
    return syntax.GivenPool(span=span, pool=b.node(parts[1]))


def given_rules(b: Builder, span: Span, parts: Parts) -> syntax.GivenRules:
    return syntax.GivenRules(span=span, path=b.node(parts[1]))


def moment(b: Builder, span: Span, parts: Parts) -> syntax.Moment:
    date, time, plus = token(parts, "DATE"), token(parts, "TIME"), token(parts, "DURATION")
    return syntax.Moment(
        span=span,
        date=b.node(date) if date else None,
        time=b.node(time) if time else None,
        plus=b.node(plus) if plus else None,
    )


def at_event(b: Builder, span: Span, parts: Parts) -> syntax.AtEvent:
    event = b.name(tokens(parts, "NAME")[0])
    return syntax.AtEvent(
        span=span, at=b.node(parts[1]), event=event, properties=pairs(b, parts), customer=whose(b, parts)
    )


def at_change(b: Builder, span: Span, parts: Parts) -> syntax.AtChange:
    return syntax.AtChange(
        span=span, at=b.node(parts[1]), path=b.node(parts[2]), value=b.node(parts[4]), customer=whose(b, parts)
    )


def expect_message(b: Builder, span: Span, parts: Parts) -> syntax.ExpectMessage:
    moments = b.nodes(trees(parts, "expected_moment"))
    return syntax.ExpectMessage(
        span=span,
        channel=channel(tokens(parts, "CHANNEL")[0]),
        template=b.node(parts[2]),
        at=moments[0] if len(moments) == 1 else None,
        between=moments if len(moments) == 2 else None,
        customer=whose(b, parts),
    )


def expect_no_message(b: Builder, span: Span, parts: Parts) -> syntax.ExpectNoMessage:
    word, template = token(parts, "CHANNEL"), token(parts, "STRING")
    return syntax.ExpectNoMessage(
        span=span,
        channel=channel(word) if word else None,
        template=b.text(template) if template else None,
        customer=whose(b, parts),
    )


def expect_nothing(b: Builder, span: Span, parts: Parts) -> syntax.ExpectNothing:
    until = tree(parts, "expected_moment")
    return syntax.ExpectNothing(span=span, until=b.node(until) if until else None)


def expect_skipped(b: Builder, span: Span, parts: Parts) -> syntax.ExpectSkipped:
    template, reason = b.nodes(tokens(parts, "STRING"))
    word = channel(tokens(parts, "CHANNEL")[0])
    return syntax.ExpectSkipped(span=span, channel=word, template=template, reason=reason, customer=whose(b, parts))


def expect_exit(b: Builder, span: Span, parts: Parts) -> syntax.ExpectExit:
    reason = parts[3]
    assert isinstance(reason, Token)
    named = b.name(reason) if reason.type == "NAME" else b.text(reason)
    return syntax.ExpectExit(span=span, reason=named, customer=whose(b, parts))


def expect_tag(b: Builder, span: Span, parts: Parts) -> syntax.ExpectTag:
    return syntax.ExpectTag(span=span, tag=b.node(parts[2]), customer=whose(b, parts))


def expect_told(b: Builder, span: Span, parts: Parts) -> syntax.ExpectTold:
    moments = b.nodes(trees(parts, "expected_moment"))
    name, *said = b.nodes(tokens(parts, "STRING"))
    return syntax.ExpectTold(
        span=span,
        to="call" if is_token(parts[1], "CALL") else "notify",
        name=name,
        message=said[0] if said else None,
        at=moments[0] if len(moments) == 1 else None,
        between=moments if len(moments) == 2 else None,
        properties=pairs(b, parts),
        customer=whose(b, parts),
    )


def expect_not_told(b: Builder, span: Span, parts: Parts) -> syntax.ExpectNotTold:
    name = token(parts, "STRING")
    return syntax.ExpectNotTold(
        span=span,
        to="call" if token(parts, "CALL") else "notify",
        name=b.text(name) if name else None,
        customer=whose(b, parts),
    )


def expect_value(b: Builder, span: Span, parts: Parts) -> syntax.ExpectValue:
    return syntax.ExpectValue(span=span, condition=b.node(parts[1]), customer=whose(b, parts))


def examples(b: Builder, span: Span, parts: Parts) -> syntax.Examples:
    columns = tuple([str(column.children[0]) for column in trees(parts, "column")])
    rows = []
    for line in trees(parts, "row"):
        cells = b.nodes(cell for cell in line.children if not is_token(cell, "COMMA"))
        if len(cells) != len(columns):
            report_uneven_row(b, b.span(line), len(cells), len(columns))
        rows.append(cells)
    return syntax.Examples(span=span, columns=columns, rows=tuple(rows))
