"""Which values can be compared with which, strictly: nothing is turned into another kind in silence."""

from __future__ import annotations

from datetime import date

from dsl import plan
from dsl.diagnostics import Fix, Label
from dsl.kinds import Kind
from dsl.messages import say
from dsl.problems import replacement
from dsl.scope import Scope, Typed, described
from dsl.suggestions import nearest

ORDERED = frozenset({"number", "money", "date", "moment"})


def are_comparable(left: Typed, right: Typed, comparison: plan.Comparison, scope: Scope) -> bool:
    """Whether it makes sense; if not, the reason is reported."""
    for side in (left, right):
        if side.kind.is_list or side.kind.name == "record":
            _report_whole(side, scope)
            return False
    if not _same_kind(left, right, scope):
        return False
    if comparison not in ("is", "is not") and left.kind.name not in ORDERED:
        scope.problems.error(
            "E305",
            say('"{comparison}" needs numbers, money or dates', comparison=comparison),
            Label(left.span, say("this is {kind}", kind=described(left.kind))),
            notes=[say("use `is`, `is not`, `in (…)`, `contains` or `starts with`")]
            if left.kind.name == "text"
            else [],
        )
        return False
    return True


def _report_whole(side: Typed, scope: Scope) -> None:
    is_list = side.kind.is_list
    scope.problems.error(
        "E305",
        say("a list cannot be compared as a whole") if is_list else say("an object cannot be compared as a whole"),
        Label(side.span, say("this is {kind}", kind=described(side.kind))),
        notes=[say("write `contains`")]
        if is_list
        else [say("compare one of its parts: {all}", all=", ".join(side.kind.fields))],
    )


def _same_kind(left: Typed, right: Typed, scope: Scope) -> bool:
    names = {left.kind.name, right.kind.name}
    if names == {"moment", "date"}:
        return True  # a moment is compared by its day in the customer's zone
    if len(names) > 1 or names & {"clock", "duration", "percent"}:
        _report_kinds(left, right, scope)
        return False
    if left.currency and right.currency and left.currency != right.currency:
        scope.problems.error(
            "E304",
            say("two currencies cannot be compared"),
            (Label(left.span, left.currency), Label(right.span, right.currency)),
            notes=[say("amounts are not converted: use one currency")],
        )
        return False
    return is_possible(left, right, scope) and is_possible(right, left, scope)


def is_possible(value: Typed, written: Typed, scope: Scope) -> bool:
    """Whether a written text is one of the values that `value` can have."""
    if not value.kind.values or not isinstance(written.operand, plan.Constant):
        return True
    text = written.operand.value
    if written.kind.name != "text" or text in value.kind.values:
        return True
    quoted = ", ".join(f'"{each}"' for each in value.kind.values)
    near = nearest(str(text), value.kind.values)
    scope.problems.error(
        "E303",
        say('it is never "{text}"', text=text),
        (
            Label(written.span, say("not one of the values in the schema")),
            Label(value.span, say("can be {quoted}", quoted=quoted)),
        ),
        notes=[say('did you mean "{near}"?', near=near[0])] if near else [say("values: {quoted}", quoted=quoted)],
        fixes=[replacement(written.span, f'"{near[0]}"')] if near else [],
    )
    return False


def _report_kinds(left: Typed, right: Typed, scope: Scope) -> None:
    money_and_number = {left.kind.name, right.kind.name} == {"money", "number"}
    number = right if right.kind.name == "number" else left
    labels = (
        Label(right.span, say("this has no currency") if money_and_number and right is number else _this_is(right)),
        Label(left.span, say("this has no currency") if money_and_number and left is number else _this_is(left)),
    )
    if money_and_number:
        scope.problems.error(
            "E301",
            say("an amount of money is compared with a plain number"),
            labels,
            fixes=_currency_fix(number, scope),
            notes=[] if scope.catalog.currency else [say("write the currency: 1500 RUB")],
        )
        return
    scope.problems.error(
        "E302",
        say("{kind} cannot be compared with {kind2}", kind=described(left.kind), kind2=described(right.kind)),
        labels,
        fixes=_literal_fix(left, right),
        notes=[say('a flag is asked with "is yes" or "is no"')] if "flag" in (left.kind.name, right.kind.name) else [],
    )


def _this_is(side: Typed) -> str:
    return say("this is {kind}", kind=described(side.kind))


def _currency_fix(number: Typed, scope: Scope) -> list[Fix]:
    currency = scope.catalog.currency
    if currency is None or not number.is_constant:
        return []
    return [replacement(number.span, f"{scope.source.slice(number.span)} {currency}")]


def _literal_fix(left: Typed, right: Typed) -> list[Fix]:
    """`"5"` for a number loses its quotes; `10%` for a number its sign."""
    operand = right.operand
    if not isinstance(operand, plan.Constant):
        return []
    if right.kind.name == "percent" and left.kind.name == "number":
        return [replacement(right.span, str(operand.value))]
    if right.kind.name != "text":
        return []
    text = str(operand.value)
    fits = {"number": _is_number, "date": _is_date, "moment": _is_date}.get(left.kind.name)
    return [replacement(right.span, text)] if fits and fits(text) else []


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == 10


def accepts(target: Kind, value: Typed, scope: Scope) -> str | None:
    """Why `value` cannot be stored in an attribute or property of kind `target`, in a few words; None if it can."""
    kind = value.kind
    if target.is_list or kind.is_list:
        same = target.is_list and kind.is_list and target.name == kind.name
        return None if same else say("{kind} is needed, this is {kind2}", kind=described(target), kind2=described(kind))
    if kind.name != target.name:
        if target.name == "money" and kind.name == "number":
            return say(
                "money needs a currency: {written} {currency}",
                written=scope.source.slice(value.span),
                currency=scope.catalog.currency or "RUB",
            )
        return say("{kind} is needed, this is {kind2}", kind=described(target), kind2=described(kind))
    if target.values and isinstance(value.operand, plan.Constant) and value.operand.value not in target.values:
        return say("{kind} is needed", kind=described(target))
    if target.values and not value.is_constant and not set(kind.values) <= set(target.values or ()):
        return say("{kind} is needed, this can be something else", kind=described(target))
    if target.values and not value.is_constant and not kind.values:
        return say("{kind} is needed, this can be any text", kind=described(target))
    return None
