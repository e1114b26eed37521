"""Conditions of the language as typed expressions of the plan. None: a mistake was found, and reported."""

from __future__ import annotations

from typing import TypeAlias

from dsl import plan, syntax
from dsl.compiling.comparisons import are_comparable, is_possible
from dsl.compiling.history import priced
from dsl.compiling.lengths import compile_length
from dsl.compiling.lookup import defined_elsewhere, report_unknown
from dsl.compiling.memberships import compile_one_of
from dsl.compiling.misreadings import asks_a_flag, asks_for_a_value, is_a_segment, lacks_a_list, lacks_quotes
from dsl.compiling.values import compile_side, compile_value
from dsl.diagnostics import Label
from dsl.event_names import known_events, report_unknown_event
from dsl.kinds import Kind
from dsl.messages import say
from dsl.problems import replacement
from dsl.scope import Scope, Typed, described

Expression: TypeAlias = "plan.Expression | None"


def compile_condition(condition: syntax.Condition, scope: Scope) -> Expression:
    match condition:
        case syntax.And() | syntax.Or():
            return _compile_many(condition, scope)
        case syntax.Not():
            return _negated(compile_condition(condition.operand, scope))
        case syntax.InLast():
            return _compile_in_last(condition, scope)
        case syntax.Arrived():
            return _compile_arrived(condition, scope)
        case syntax.Issued():
            return _compile_issued(condition, scope)
        case syntax.Truth():
            return _compile_truth(condition, scope)
        case _:
            return _compile_test(condition, scope)


def _compile_test(
    condition: syntax.Comparison
    | syntax.IsFlag
    | syntax.IsKnown
    | syntax.Between
    | syntax.OneOf
    | syntax.Contains
    | syntax.StartsWith,
    scope: Scope,
) -> Expression:
    """A condition about one value."""
    match condition:
        case syntax.Comparison():
            return _compile_comparison(condition, scope)
        case syntax.IsFlag():
            return _compile_flag(condition, scope)
        case syntax.IsKnown():
            value = compile_value(condition.value, scope)
            known = plan.IsKnown(value.operand) if value else None
            return known if condition.known else _negated(known)
        case syntax.Between():
            return _compile_between(condition, scope)
        case syntax.OneOf():
            return compile_one_of(condition, scope)
        case syntax.Contains() | syntax.StartsWith():
            return _compile_part(condition, scope)


def _negated(expression: Expression) -> Expression:
    return plan.Not(expression) if expression is not None else None


def _compile_many(condition: syntax.And | syntax.Or, scope: Scope) -> Expression:
    if isinstance(condition, syntax.Or) and lacks_a_list(condition, scope):
        return None
    compiled = [compile_condition(operand, scope) for operand in condition.operands]
    operands = tuple(operand for operand in compiled if operand is not None)
    if len(operands) < len(compiled):
        return None
    return plan.All(operands) if isinstance(condition, syntax.And) else plan.Any(operands)


def _compile_comparison(condition: syntax.Comparison, scope: Scope) -> Expression:
    if is_a_segment(condition, scope):
        return None
    left = compile_side(condition.left, scope)
    if left is not None and (asks_for_a_value(left, condition, scope) or asks_a_flag(left, condition, scope)):
        return None
    if left is not None and lacks_quotes(left, condition.right, scope):
        return None
    right = compile_side(condition.right, scope)
    if left is None or right is None or not are_comparable(left, right, condition.comparison, scope):
        return None
    ours, theirs = priced(left, (right,), scope), priced(right, (left,), scope)
    return plan.Compare(ours.operand, condition.comparison, theirs.operand) if ours and theirs else None


def _compile_flag(condition: syntax.IsFlag, scope: Scope) -> Expression:
    value = compile_value(condition.value, scope)
    if value is None:
        return None
    if value.kind.name != "flag" or value.kind.is_list:
        word = "yes" if condition.yes else "no"
        scope.problems.error(
            "E302",
            say('"is {word}" asks a flag', word=word),
            Label(value.span, say("this is {kind}, not yes or no", kind=described(value.kind))),
            notes=[say('in quotes it would be text: is "{word}"', word=word)] if value.kind.name == "text" else [],
        )
        return None
    return plan.Compare(value.operand, "is", plan.Constant("flag", condition.yes))


def _compile_between(condition: syntax.Between, scope: Scope) -> Expression:
    value = compile_side(condition.value, scope)
    low, high = compile_side(condition.low, scope), compile_side(condition.high, scope)
    if value is None or low is None or high is None:
        return None
    if not (are_comparable(value, low, ">=", scope) and are_comparable(value, high, "<=", scope)):
        return None
    if low.currency and high.currency and low.currency != high.currency:
        scope.problems.error(
            "E304",
            say("the ends of `between` have two currencies"),
            (Label(high.span, f"{high.currency}"), Label(low.span, f"{low.currency}")),
        )
        return None
    sides = priced(value, (low, high), scope), priced(low, (value,), scope), priced(high, (value,), scope)
    value, low, high = sides
    return plan.Between(value.operand, low.operand, high.operand) if value and low and high else None


def _compile_part(condition: syntax.Contains | syntax.StartsWith, scope: Scope) -> Expression:
    value, part = compile_value(condition.value, scope), compile_value(condition.part, scope)
    if value is None or part is None:
        return None
    if isinstance(condition, syntax.Contains) and value.kind.is_list:
        element = Typed(
            operand=value.operand, kind=Kind(name=value.kind.name, values=value.kind.values), span=value.span
        )
        if value.kind.name == "record":
            scope.problems.error(
                "E308",
                say("this list holds objects, and an object has no single value to look for"),
                Label(value.span, say("each element has: {all}", all=", ".join(value.kind.fields))),
            )
            return None
        fits = are_comparable(element, part, "is", scope) and is_possible(element, part, scope)
        return plan.Contains(value.operand, part.operand) if fits else None
    for side in (value, part):
        if side.kind.name != "text" or side.kind.is_list:
            word = "contains" if isinstance(condition, syntax.Contains) else "starts with"
            scope.problems.error(
                "E308",
                say("`contains` needs text or a list on the left")
                if word == "contains" and side is value
                else say("`{word}` needs text", word=word),
                Label(side.span, say("this is {kind}", kind=described(side.kind))),
            )
            return None
    node = plan.Contains if isinstance(condition, syntax.Contains) else plan.StartsWith
    return node(value.operand, part.operand)


def _compile_in_last(condition: syntax.InLast, scope: Scope) -> Expression:
    within = compile_length(condition.within, scope)
    if len(condition.path.parts) == 1 and condition.path.root in scope.catalog.events:
        return plan.Happened(condition.path.root, within) if within else None
    if len(condition.path.parts) == 1 and condition.path.root not in ("customer", "event"):
        report_unknown_event(condition.path.span, scope)
        return None
    value = compile_value(condition.path, scope)
    if value is None or within is None:
        return None
    if value.kind.name not in ("date", "moment") or value.kind.is_list:
        scope.problems.error(
            "E302",
            say("`in last` needs a date or an event"),
            Label(value.span, say("this is {kind}", kind=described(value.kind))),
        )
        return None
    return plan.InLast(value.operand, within)


def _compile_arrived(condition: syntax.Arrived, scope: Scope) -> Expression:
    if scope.after_wait_for or scope.any_event:
        return plan.Arrived()
    scope.problems.error(
        "E312",
        say("nothing was waited for here"),
        Label(condition.span, say("`arrived` speaks of the nearest `wait for` above, and there is none")),
        notes=[say("put `wait for EVENT up to 2 days` before it")],
    )
    return None


def _compile_issued(condition: syntax.Issued, scope: Scope) -> Expression:
    if scope.after_issue or scope.any_event:
        return plan.Issued()
    scope.problems.error(
        "E327",
        say("no promo code was issued here"),
        Label(condition.span, say("`issued` speaks of the nearest `issue promo` above, and there is none")),
        notes=[say('put `issue promo "POOL"` before it')],
    )
    return None


def _compile_truth(condition: syntax.Truth, scope: Scope) -> Expression:
    value = condition.value
    if not isinstance(value, syntax.Path):
        typed = compile_value(value, scope)
        if typed is not None:
            _report_no_condition(typed, scope)
        return None
    if scope.is_counted(value.root):
        typed = compile_value(value, scope)
        if typed is not None:
            _report_no_condition(typed, scope)
        return None
    definition = scope.names.seen.get(value.root)
    if len(value.parts) == 1 and definition is not None:
        return _compile_definition(value, scope)
    if len(value.parts) == 1 and value.root in scope.catalog.events:
        return _compile_happened(value, scope)
    if len(value.parts) == 1 and value.root not in ("customer", "event"):
        report_unknown(
            "E206",
            say('I do not know "{value}"', value=value.root),
            value.span,
            problems=scope.problems,
            candidates=[*scope.names.seen, *known_events(value.root, scope)],
            notes=defined_elsewhere(value.root, scope),
        )
        return None
    typed = compile_value(value, scope)
    if typed is not None:
        _report_no_condition(typed, scope)
    return None


def _report_no_condition(value: Typed, scope: Scope) -> None:
    written = scope.source.slice(value.span)
    if value.kind.name == "flag":
        scope.problems.error(
            "E306",
            say("say yes or no"),
            Label(value.span, say("may be yes, no or unknown")),
            fixes=[replacement(value.span, f"{written} is yes")],
        )
        return
    scope.problems.error(
        "E307",
        say("{written} alone is not a condition", written=written)
        if value.is_constant
        else say('"{written}" alone is not a condition', written=written),
        Label(value.span, say("this is {kind}: compare it with something", kind=described(value.kind))),
        notes=[say("for example: {written} is known", written=written)] if not value.is_constant else [],
    )


def _compile_definition(path: syntax.Path, scope: Scope) -> Expression:
    definition = scope.names.seen[path.root]
    if scope.names.is_circular(definition):
        return None
    node = definition.node
    if isinstance(node, syntax.Define):
        return compile_condition(node.condition, scope.inside(definition))
    if isinstance(node, syntax.Segment):
        scope.problems.error(
            "E215",
            say('"{path}" is a segment', path=path.root),
            Label(path.span, say("ask whether the customer is in it")),
            fixes=[replacement(path.span, f"customer in {path.root}")],
        )
        return None
    scope.problems.error(
        "E307", say('"{path}" alone is not a condition', path=path.root), Label(path.span, say("this is a constant"))
    )
    return None


def _compile_happened(path: syntax.Path, scope: Scope) -> Expression:
    if scope.in_run:
        return plan.Happened(path.root)
    scope.problems.error(
        "E307",
        say('"{path}" alone means: since the run began', path=path.root),
        Label(path.span, say("no run has begun yet when this is looked at")),
        notes=[say("say how far back to look: {path} in last 3 days", path=path.root)],
    )
    return None
