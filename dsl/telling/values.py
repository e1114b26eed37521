"""Values of a rule in words."""

from __future__ import annotations

from dsl import plan
from dsl.messages import Message, say
from dsl.telling.lengths import tell_length


def tell_value(operand: plan.Operand) -> str:
    match operand:
        case plan.Constant():
            return tell_constant(operand)
        case plan.Property(name=name, outside=True):
            return say("{name} of the event that began the run", name=name)
        case plan.Property(name=name):
            return say("{name} of the event", name=name)
        case plan.Attribute(name=name):
            return say("the customer's {name}", name=name)
        case plan.LastValue(event=event, property=name):
            return say("{name} of the last {event}", name=name, event=event)
        case plan.DaysSince(event=event):
            return say("the days since the last {event}", event=event)
        case plan.Tally():
            return _tell_tally(operand)


def tell_constant(constant: plan.Constant) -> str:
    match constant.kind, constant.value:
        case "money", {"amount": amount, "currency": currency}:
            return f"{amount} {currency}"
        case "percent", value:
            return f"{value}%"
        case "flag", bool(value):
            return say("yes") if value else say("no")
        case "text", value:
            return f'"{value}"'
        case _, value:
            return str(value)


def _tell_tally(tally: plan.Tally) -> Message:
    from dsl.telling.conditions import tell_condition  # conditions hold values, and these a condition

    event: str = tally.event
    if tally.where is not None:
        event = say("{event} with {condition}", event=event, condition=tell_condition(tally.where))
    what = _tell_function(tally, event)
    return say("{what} in the last {length}", what=what, length=tell_length(tally.within)) if tally.within else what


def _tell_function(tally: plan.Tally, event: str) -> Message:
    match tally.function:
        case "count":
            return say("the number of {event}", event=event)
        case "sum":
            return say("the sum of {name} over {event}", name=tally.property, event=event)
        case "average":
            return say("the average {name} of {event}", name=tally.property, event=event)
