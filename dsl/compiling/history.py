"""Values of the customer's history: `count of …`, `sum of …`, `last EVENT.property`, `days since last EVENT`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dsl import plan, syntax
from dsl.catalog import EventType
from dsl.compiling.lengths import compile_length
from dsl.compiling.lookup import find_property
from dsl.diagnostics import Label
from dsl.event_names import find_event
from dsl.kinds import Kind
from dsl.messages import say
from dsl.problems import listed, replacement
from dsl.scope import Maybe, Scope, Typed, described

_ADDED = ("number", "money")


def compile_history(value: syntax.Aggregate | syntax.LastValue | syntax.DaysSince, scope: Scope) -> Maybe:
    """A sum of money names no currency yet: see `priced`."""
    if isinstance(value, syntax.DaysSince):
        known = find_event(value.event, scope)
        if known is None:
            return None
        return Typed(operand=plan.DaysSince(known.name), kind=Kind(name="number"), span=value.span)
    event = find_event(value.path.parts[0], scope)
    if event is None:
        return None
    if isinstance(value, syntax.LastValue):
        return _compile_last(value, event, scope)
    return _compile_tally(value, event, scope)


def priced(value: Maybe, beside: Sequence[Typed], scope: Scope) -> Maybe:
    """A sum or average of money is of one currency: that of the amount it is compared with, else the workspace's.

    Beside an amount that is known only when it runs, the tally names none, and takes that one's.
    """
    if value is None or not isinstance(value.operand, plan.Tally) or value.operand.kind != "money":
        return value
    written = next((each.currency for each in beside if each.currency), None)
    if written is None and any(not isinstance(each.operand, plan.Tally) for each in beside):
        return value
    currency = written or scope.catalog.currency
    if currency is None:
        scope.problems.error(
            "E329",
            say("it is not said in which currency to add up"),
            Label(value.span, say("amounts of different currencies are not added")),
            notes=[say("compare it with an amount, such as 1000 RUB, or set `currency` in kogda.yaml")],
        )
        return None
    return replace(value, operand=replace(value.operand, currency=currency), currency=currency)


def _compile_last(value: syntax.LastValue, event: EventType, scope: Scope) -> Maybe:
    if len(value.path.parts) == 1:
        _report_nothing_said(value.path, event, tuple(event.properties), scope)
        return None
    found = find_property(value.path, (event,), replace(scope, any_event=False))
    if found is None:
        return None
    name, kind = found
    return Typed(operand=plan.LastValue(event.name, name, str(kind)), kind=kind, span=value.span)


def _compile_tally(value: syntax.Aggregate, event: EventType, scope: Scope) -> Maybe:
    from dsl.compiling.conditions import compile_condition  # conditions hold values, and these a condition

    where = compile_condition(value.where, scope.counting(event)) if value.where else None
    within = compile_length(value.within, scope) if value.within else None
    if (value.where and where is None) or (value.within and within is None):
        return None
    if value.function == "count":
        return _compile_count(value, event, where, within, scope=scope)
    added = _added(value, event, scope)
    if added is None:
        return None
    name, kind = added
    operand = plan.Tally(value.function, event.name, kind.name, property=name, where=where, within=within)
    return Typed(operand=operand, kind=Kind(name=kind.name), span=value.span)


def _compile_count(
    value: syntax.Aggregate,
    event: EventType,
    where: plan.Expression | None,
    within: plan.Length | None,
    *,
    scope: Scope,
) -> Maybe:
    if len(value.path.parts) > 1:
        name = ".".join(part.text for part in value.path.parts[1:])
        scope.problems.error(
            "E309",
            say("`count` counts events"),
            Label(value.path.span, say("this is a property of one")),
            notes=[
                say(
                    "to count those that have it: count of {event} where ({name} is known)", event=event.name, name=name
                )
            ],
            fixes=[replacement(value.path.span, event.name)],
        )
        return None
    operand = plan.Tally("count", event.name, "number", where=where, within=within)
    return Typed(operand=operand, kind=Kind(name="number"), span=value.span)


def _added(value: syntax.Aggregate, event: EventType, scope: Scope) -> tuple[str, Kind] | None:
    """The property that is added up, and its kind."""
    if len(value.path.parts) == 1:
        fit = tuple(name for name, kind in event.properties.items() if kind.name in _ADDED and not kind.is_list)
        _report_nothing_said(value.path, event, fit, scope)
        return None
    found = find_property(value.path, (event,), replace(scope, any_event=False))
    if found is None:
        return None
    if found[1].name in _ADDED and not found[1].is_list:
        return found
    scope.problems.error(
        "E309",
        say("only numbers and amounts of money can be added up"),
        Label(value.path.span, say("this is {kind}", kind=described(found[1]))),
    )
    return None


def _report_nothing_said(path: syntax.Path, event: EventType, fit: Sequence[str], scope: Scope) -> None:
    scope.problems.error(
        "E309",
        say("say what of the event: {event}.…", event=event.name),
        Label(path.span, say("an event is not a value")),
        notes=[say("there are: {all}", all=listed([f"{event.name}.{name}" for name in fit]))] if fit else [],
    )
