"""`in`: a value among fixed ones, written out or by the name of a list; a customer in a segment."""

from __future__ import annotations

from dsl import plan, syntax
from dsl.compiling.comparisons import are_comparable
from dsl.compiling.history import priced
from dsl.compiling.lookup import defined_elsewhere, report_unknown
from dsl.compiling.values import compile_side, compile_value
from dsl.diagnostics import Label
from dsl.messages import say
from dsl.problems import replacement
from dsl.resolve import Definition
from dsl.scope import Scope, Typed


def compile_one_of(condition: syntax.OneOf, scope: Scope) -> plan.Expression | None:
    if isinstance(condition.value, syntax.Path) and str(condition.value) == "customer":
        return _compile_membership(condition, scope)
    value = compile_side(condition.value, scope)
    options = _options(condition.group, scope)
    if value is None or options is None:
        return None
    if not all([are_comparable(value, option, "is", scope) for option in options]):
        return None
    value = priced(value, options, scope)
    if value is None:
        return None
    constants = tuple(option.operand for option in options if isinstance(option.operand, plan.Constant))
    expression = plan.OneOf(value.operand, constants)
    return plan.Not(expression) if condition.negated else expression


def _options(group: tuple[syntax.Value, ...] | syntax.Name, scope: Scope) -> list[Typed] | None:
    if isinstance(group, syntax.Name):
        return _named_options(group, scope)
    compiled = [compile_value(element, scope) for element in group]
    options = [option for option in compiled if option is not None]
    moving = next((option for option in options if not option.is_constant), None)
    if moving is not None:
        scope.problems.error(
            "E307",
            say("a list holds fixed values only"),
            Label(moving.span, say("this is different for each customer")),
            notes=[say("compare it by itself, with `is` and `or`")],
        )
        return None
    return options if len(options) == len(compiled) else None


def _named_options(group: syntax.Name, scope: Scope) -> list[Typed] | None:
    definition = scope.names.seen.get(group.text)
    if definition is None:
        lists = [
            name
            for name, each in scope.names.seen.items()
            if isinstance(each.node, syntax.Let) and isinstance(each.node.value, tuple)
        ]
        report_unknown(
            "E206",
            say('there is no list called "{group}"', group=group.text),
            group.span,
            problems=scope.problems,
            candidates=lists,
            notes=defined_elsewhere(group.text, scope)
            or ([] if lists else [say('write it out: in ("…", "…"), or: let {group} = ("…", "…")', group=group.text)]),
        )
        return None
    node = definition.node
    if not isinstance(node, syntax.Let) or not isinstance(node.value, tuple):
        scope.problems.error(
            "E215",
            say('"{group}" is not a list', group=group.text),
            Label(group.span, say("a list is written: let {group} = (…)", group=group.text)),
        )
        return None
    options = _options(node.value, scope.inside(definition))
    if options is None:
        return None
    return [Typed(operand=each.operand, kind=each.kind, span=group.span, currency=each.currency) for each in options]


def _compile_membership(condition: syntax.OneOf, scope: Scope) -> plan.Expression | None:
    """`customer in vip`: anything else but a segment is a mistake."""
    group = condition.group
    if not isinstance(group, syntax.Name):
        scope.problems.error(
            "E215",
            say("a customer is not a value of a list"),
            Label(condition.value.span, say("say what of the customer: customer.city in (…)")),
        )
        return None
    definition = scope.names.seen.get(group.text)
    if definition is None:
        segments = [name for name, each in scope.names.seen.items() if isinstance(each.node, syntax.Segment)]
        report_unknown(
            "E206",
            say('there is no segment called "{group}"', group=group.text),
            group.span,
            problems=scope.problems,
            candidates=[*segments, *scope.catalog.segments],
            notes=defined_elsewhere(group.text, scope),
        )
    elif isinstance(definition.node, syntax.Define):
        plain = f"not {group.text}" if condition.negated else group.text
        scope.problems.error(
            "E215",
            say('"{group}" is a definition, not a segment', group=group.text),
            Label(condition.span, say("a definition is a condition already")),
            fixes=[replacement(condition.span, plain)],
        )
    elif isinstance(definition.node, syntax.Segment):
        return _membership(group.text, condition, scope, definition)
    else:
        scope.problems.error(
            "E215", say('"{group}" is not a segment', group=group.text), Label(group.span, say("this is a constant"))
        )
    return None


def _membership(name: str, condition: syntax.OneOf, scope: Scope, definition: Definition) -> plan.Expression | None:
    if scope.names.is_circular(definition):
        return None
    asked = plan.InSegment(name)
    return plan.Not(asked) if condition.negated else asked
