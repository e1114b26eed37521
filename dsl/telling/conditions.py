"""Conditions in words. Brackets stand where two readings would be possible."""

from __future__ import annotations

from collections.abc import Sequence

from dsl import plan
from dsl.messages import in_a_row, say
from dsl.telling.lengths import tell_length
from dsl.telling.values import tell_value


def tell_condition(expression: plan.Expression) -> str:
    match expression:
        case plan.All(operands=operands):
            return _joined(operands, is_all=True)
        case plan.Any(operands=operands):
            return _joined(operands, is_all=False)
        case plan.Not(operand=operand):
            return _tell_denied(operand)
        case plan.Compare():
            return _tell_comparison(expression)
        case plan.Happened(event=event, within=None):
            return say("{event} has happened since the run began", event=event)
        case plan.Happened(event=event, within=plan.Length() as within):
            return say("{event} has happened in the last {length}", event=event, length=tell_length(within))
        case plan.InSegment(segment=segment):
            return say("the customer is in the segment {segment}", segment=segment)
        case plan.Arrived():
            return say("what was waited for has come")
        case plan.Issued():
            return say("a promo code was found")
        case _:
            return _tell_test(expression)


def _tell_test(expression: plan.Expression) -> str:
    """A condition about one value."""
    match expression:
        case plan.Between(value=value, low=low, high=high):
            return say(
                "{value} is from {low} to {high}", value=tell_value(value), low=tell_value(low), high=tell_value(high)
            )
        case plan.OneOf(value=value, options=options):
            return say("{value} is one of {options}", value=tell_value(value), options=_listed(options))
        case plan.Contains(value=value, part=part):
            return say("{value} contains {part}", value=tell_value(value), part=tell_value(part))
        case plan.StartsWith(value=value, part=part):
            return say("{value} starts with {part}", value=tell_value(value), part=tell_value(part))
        case plan.IsKnown(value=value):
            return say("{value} is known", value=tell_value(value))
        case plan.InLast(value=value, within=within):
            return say("{value} lies in the last {length}", value=tell_value(value), length=tell_length(within))
        case _:
            raise TypeError(f"{type(expression).__name__} is not a condition")


def _tell_denied(operand: plan.Expression) -> str:
    match operand:
        case plan.IsKnown(value=value):
            return say("{value} is unknown", value=tell_value(value))
        case plan.OneOf(value=value, options=options):
            return say("{value} is none of {options}", value=tell_value(value), options=_listed(options))
        case plan.InSegment(segment=segment):
            return say("the customer is not in the segment {segment}", segment=segment)
        case plan.Happened(event=event, within=None):
            return say("{event} has not happened since the run began", event=event)
        case plan.Happened(event=event, within=plan.Length() as within):
            return say("{event} has not happened in the last {length}", event=event, length=tell_length(within))
        case plan.Arrived():
            return say("what was waited for has not come")
        case plan.Issued():
            return say("no promo code was left")
        case _:
            return say("it is not so that {condition}", condition=_in_brackets(operand))


def _tell_comparison(node: plan.Compare) -> str:
    left, right = tell_value(node.left), tell_value(node.right)
    match node.comparison:
        case "is":
            return say("{left} is {right}", left=left, right=right)
        case "is not":
            return say("{left} is not {right}, or is unknown", left=left, right=right)
        case ">":
            return say("{left} is over {right}", left=left, right=right)
        case "<":
            return say("{left} is under {right}", left=left, right=right)
        case ">=":
            return say("{left} is at least {right}", left=left, right=right)
        case "<=":
            return say("{left} is at most {right}", left=left, right=right)


def _joined(operands: Sequence[plan.Expression], *, is_all: bool) -> str:
    if not operands:
        return say("always") if is_all else say("never")
    told = [_in_brackets(operand) if len(operands) > 1 else tell_condition(operand) for operand in operands]
    joined = told[0]
    for each in told[1:]:
        joined = (
            say("{one} and {other}", one=joined, other=each)
            if is_all
            else say("{one} or {other}", one=joined, other=each)
        )
    return joined


def _in_brackets(operand: plan.Expression) -> str:
    told = tell_condition(operand)
    return in_a_row("", ["(", told, ")"]) if isinstance(operand, plan.All | plan.Any) else told


def _listed(options: Sequence[plan.Constant]) -> str:
    return in_a_row(", ", [tell_value(option) for option in options])
