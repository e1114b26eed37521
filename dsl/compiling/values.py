"""Values of the language as typed operands of the plan."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from dsl import plan, syntax
from dsl.catalog import EventType
from dsl.compiling.history import compile_history, priced
from dsl.compiling.lookup import defined_elsewhere, find_attribute, find_property, report_no_event, report_unknown
from dsl.currencies import CURRENCIES
from dsl.diagnostics import Label
from dsl.kinds import Kind
from dsl.messages import say
from dsl.problems import replacement
from dsl.scope import Maybe, Scope, Typed
from dsl.titles import as_name, written_titles


def compile_value(value: syntax.Value, scope: Scope) -> Maybe:
    """A value that stands by itself."""
    return priced(compile_side(value, scope), (), scope)


def compile_side(value: syntax.Value, scope: Scope) -> Maybe:
    """A value that is compared with others: a sum of money may still be without a currency, see `priced`."""
    if isinstance(value, syntax.Placeholder):
        return None  # of a table of examples: never in a rule
    if isinstance(value, syntax.Aggregate | syntax.LastValue | syntax.DaysSince):
        return compile_history(value, scope)
    if isinstance(value, syntax.Path):
        return _compile_path(value, scope)
    if isinstance(value, syntax.Money):
        return _compile_money(value)
    kind, content = _literal(value)
    return Typed(operand=plan.Constant(kind, content), kind=Kind(name=kind), span=value.span)


def _literal(
    value: syntax.Number
    | syntax.Percent
    | syntax.Text
    | syntax.Flag
    | syntax.Date
    | syntax.ClockTime
    | syntax.Duration,
) -> tuple[str, plan.JSON]:
    match value:
        case syntax.Number():
            return "number", json_number(value.value)
        case syntax.Percent():
            return "percent", json_number(value.value)
        case syntax.Text():
            return "text", value.text
        case syntax.Flag():
            return "flag", value.value
        case syntax.Date():
            return "date", value.value.isoformat()
        case syntax.ClockTime():
            return "clock", value.value.isoformat("minutes")
        case syntax.Duration():
            return "duration", [value.amount, value.unit]


def json_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _compile_money(value: syntax.Money) -> Maybe:
    if value.currency not in CURRENCIES:
        return None  # the parser has said so
    content: dict[str, plan.JSON] = {"amount": format(value.amount, "f"), "currency": value.currency}
    constant = plan.Constant("money", content)
    return Typed(operand=constant, kind=Kind(name="money"), span=value.span, currency=value.currency)


def _compile_path(path: syntax.Path, scope: Scope) -> Maybe:
    if scope.counted is not None and scope.is_counted(path.root):
        return _compile_counted(path, scope.counted, scope)
    if path.root == "customer" and len(path.parts) > 1:
        found = find_attribute(path, scope)
        if found is None:
            return None
        name, kind = found
        return Typed(
            operand=plan.Attribute(name, str(kind), repeats=kind.repeats is not None), kind=kind, span=path.span
        )
    if path.root == "event" and len(path.parts) > 1:
        return _compile_property(path, scope)
    if path.root in ("customer", "event"):
        scope.problems.error(
            "E215",
            say('"{path}" alone is not a value', path=path.root),
            Label(path.span, say("say what of it: {path}.…", path=path.root)),
        )
        return None
    return _compile_name(path, scope)


def _compile_counted(path: syntax.Path, event: EventType, scope: Scope) -> Maybe:
    """`total` in `count of order_placed where (total > 1000 RUB)`."""
    named = replace(path, parts=(path.parts[0], *path.parts))
    found = find_property(named, (event,), replace(scope, any_event=False))
    return found and Typed(operand=plan.Property(found[0], str(found[1])), kind=found[1], span=path.span)


def _compile_property(path: syntax.Path, scope: Scope) -> Maybe:
    events = tuple(scope.catalog.own_events().values()) if scope.any_event else scope.events
    if events is None:
        report_no_event(path, scope)
        return None
    found = find_property(path, events, scope) if events else None
    if found is None:
        return None
    name, kind = found
    operand = plan.Property(name, str(kind), outside=scope.counted is not None)
    return Typed(operand=operand, kind=kind, span=path.span)


def _compile_name(path: syntax.Path, scope: Scope) -> Maybe:
    definition = scope.names.seen.get(path.root)
    if definition is None or len(path.parts) > 1:
        _report_name(path, scope)
        return None
    if scope.names.is_circular(definition):
        return None
    node = definition.node
    if isinstance(node, syntax.Let) and not isinstance(node.value, tuple):
        value = compile_side(node.value, scope.inside(definition))
        return value and Typed(operand=value.operand, kind=value.kind, span=path.span, currency=value.currency)
    wrong = (
        say("a list: write `in`")
        if isinstance(node, syntax.Let)
        else say("a condition: it is true or false, not a value")
    )
    scope.problems.error(
        "E215",
        say('"{path}" is not a single value', path=path.root),
        Label(path.span, say("this is {wrong}", wrong=wrong)),
    )
    return None


def _paths_by_title(scope: Scope) -> dict[str, str]:
    """`город` is `customer.city`; what a customer has comes before what an event brings."""
    paths = {
        title: f"event.{name}"
        for event in scope.events or ()
        for title, name in written_titles(event.properties).items()
    }
    return paths | {title: f"customer.{name}" for title, name in written_titles(scope.catalog.attributes).items()}


def _report_name(path: syntax.Path, scope: Scope) -> None:
    name = path.parts[-1].text
    if path.root in scope.catalog.events:
        event = scope.catalog.events[path.root]
        known = len(path.parts) == 2 and name in event.properties
        scope.problems.error(
            "E215",
            say('"{path}" is not a value', path=path),
            Label(path.span, say("{path} is an event; the one that started the run is called `event`", path=path.root)),
            notes=[say("write event.{name} in a rule that starts with {path}", name=name, path=path.root)]
            if known
            else [],
        )
        return
    counted = scope.counted.properties if scope.counted else {}
    roots = [*counted, *scope.names.seen, *(f"customer.{each}" for each in scope.catalog.attributes)]
    roots += [f"event.{each}" for event in scope.events or () for each in event.properties]
    written = str(path)
    by_title = _paths_by_title(scope)
    by_last = [root for root in roots if root.split(".")[-1] == written]
    if not by_last and as_name(written) in by_title:
        by_last = [by_title[as_name(written)]]
    if by_last:
        scope.problems.error(
            "E206",
            say('I do not know "{written}"', written=written),
            Label(path.span, say("text needs quotes, other names need to say whose they are")),
            notes=[say("did you mean {by_last}?", by_last=by_last[0])],
            fixes=[replacement(path.span, by_last[0])],
        )
        return
    report_unknown(
        "E206",
        say('I do not know "{written}"', written=written),
        path.span,
        problems=scope.problems,
        candidates=roots,
        titles=by_title,
        notes=defined_elsewhere(written, scope)
        or ([say('if this is text, write it in quotes: "{written}"', written=written)] if len(path.parts) == 1 else []),
    )
