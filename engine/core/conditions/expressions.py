"""Typed conditions become Python functions, once, when a rule set is loaded.

The source holds only words of this file: names of properties, texts and numbers of rules are bound as closure
variables (`k0`, `k1` …), never written into it. Rules of one shape therefore share one compiled code object, and no
rule can inject code. Every value is read through `engine.core.values`, so the functions cannot raise on any JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from types import CodeType
from typing import Any, TypeAlias, cast
from zoneinfo import ZoneInfo

from dsl import plan
from engine.core import values
from engine.core.conditions.history import Tallying, Where
from engine.core.conditions.scope import Scope
from engine.core.values import Values

#: (the event's properties, the customer's attributes, the scope) -> whether the condition holds.
Test: TypeAlias = Callable[[Values, Values, Scope], bool]
#: The same, and calls the last argument with the number of each rule whose condition holds.
Matcher: TypeAlias = Callable[[Values, Values, Scope, Callable[[int], object]], None]

_DEEPEST = 20  # nested conditions in one line of source; deeper ones get a line of their own

_FAMILIES = {
    "text": "text", "number": "number", "percent": "number", "flag": "flag", "date": "day", "moment": "moment",
    "money": "money",
}  # fmt: skip
_OPERATORS = {"is": "==", "is not": "!=", ">": ">", "<": "<", ">=": ">=", "<=": "<="}
_READERS: dict[str, Callable[[object], Any]] = {
    "text": values.text, "number": values.number, "day": values.day, "moment": values.moment,
}  # fmt: skip


HISTORY = (plan.Tally, plan.LastValue, plan.DaysSince)


def family_of(kind: str) -> str:
    """The way a kind is compared; "" when it cannot be."""
    return _FAMILIES.get(kind, "")


def read_constant(constant: plan.Constant) -> Any:
    """The value of a constant as its kind is compared: unknown when the plan holds nonsense."""
    family = family_of(constant.kind)
    if family == "money":
        return values.money(constant.value, {}, None)
    reader = _READERS.get(family)
    return reader(constant.value) if reader else constant.value


class Writer:
    """Collects the source of one function: lines that read values once, and the constants they need."""

    def __init__(self, currency: str | None, *, zone: ZoneInfo | None = None, outside: str = "e") -> None:
        self.currency = currency
        self.zone = zone
        self.outside = outside  # the variable that holds the event outside of all tallies
        self.reads_outside = False
        self.shared: frozenset[str] = frozenset()  # conditions that several rules have: computed once
        self.constants: list[object] = []
        self.lines: list[str] = []
        self._constant_names: dict[tuple[type, object], str] = {}
        self._locals: dict[object, str] = {}
        self._depth = 0

    # constants and locals

    def bind(self, value: object) -> str:
        try:
            key = (type(value), value)
            known = self._constant_names.get(key)
        except TypeError:
            return self._bind_new(value)
        if known is None:
            known = self._constant_names[key] = self._bind_new(value)
        return known

    def _bind_new(self, value: object) -> str:
        self.constants.append(value)
        return f"k{len(self.constants) - 1}"

    def once(self, key: object, source: str) -> str:
        """The local variable that holds `source`, computed at most once per call."""
        name = self._locals.get(key)
        if name is None:
            name = self._locals[key] = f"v{len(self._locals)}"
            self.lines.append(f"{name} = {source}")
        return name

    # operands

    def raw(self, operand: plan.Operand) -> str:
        if isinstance(operand, plan.Constant):
            return self.bind(operand.value)
        if isinstance(operand, plan.LastValue):
            return f"x.last_value({self.bind(operand.event)}, {self.bind(tuple(operand.property.split('.')))})"
        if isinstance(operand, plan.DaysSince):
            return f"x.days_since({self.bind(operand.event)}, {self.bind(self.zone)})"
        if isinstance(operand, plan.Tally):
            return self.tally(operand)
        owner = self._owner(operand)
        if "." in operand.name:
            return self.once((owner, operand.name), f"dig({owner}, {self.bind(tuple(operand.name.split('.')))})")
        return self.once((owner, operand.name), f"{owner}.get({self.bind(operand.name)})")

    def _owner(self, operand: plan.Property | plan.Attribute) -> str:
        if isinstance(operand, plan.Attribute):
            return "c"
        if not operand.outside:
            return "e"
        self.reads_outside = True
        return self.outside

    def tally(self, node: plan.Tally, currency: str | None = None) -> str:
        """In place, never before its turn: what a condition before it rules out is not counted. The scope remembers.

        `currency` is written for the one of the other side; without it a tally of money is in the workspace's.
        """
        if currency is None:
            is_open = node.currency is None and family_of(node.kind) == "money"
            currency = self.bind(self.currency if is_open else None)
        code = tallying(node, self.currency, zone=self.zone)
        self.reads_outside = self.reads_outside or code.reads_outside
        return f"x.tally({self.bind(code)}, c, {self.outside}, {currency})"

    def read(self, operand: plan.Operand, reader: str) -> str:
        """The operand through a reader of `engine.core.values`: "number", "text", "lowered", "day", "moment"."""
        if isinstance(operand, plan.Constant):
            return self.bind(getattr(values, reader)(operand.value))
        raw = self.raw(operand)
        if isinstance(operand, plan.LastValue):
            return f"{reader}({raw})"
        if isinstance(operand, plan.Tally | plan.DaysSince):
            return raw
        return self.once((reader, raw), f"{reader}({raw})")

    def amount(self, operand: plan.Operand) -> str:
        if isinstance(operand, plan.Constant):
            return self.bind(read_constant(operand))
        raw = self.raw(operand)
        if isinstance(operand, plan.Tally):
            return raw
        if isinstance(operand, plan.LastValue):
            return f"money({raw}, x.last({self.bind(operand.event)}), {self.bind(self.currency)})"
        beside = self._owner(operand) if isinstance(operand, plan.Property) else "{}"
        return self.once(("money", raw), f"money({raw}, {beside}, {self.bind(self.currency)})")

    def day(self, operand: plan.Operand) -> str:
        if operand.kind != "moment":
            return self.read(operand, "day")
        moment = self.read(operand, "moment")
        return self.once(("day_of", moment, self.zone), f"x.day_of({moment}, {self.bind(self.zone)})")

    # conditions

    def condition(self, node: plan.Expression) -> str:
        if self.shared and (key := shape(node, self.zone)) in self.shared:
            return self.once(("shared", key), self._written(node))
        return self._written(node)

    def _written(self, node: plan.Expression) -> str:
        self._depth += 1
        source: str = getattr(self, "_" + type(node).__name__)(node)
        self._depth -= 1
        if self._depth and self._depth % _DEEPEST == 0:
            return self.once(object(), source)
        return source

    def _All(self, node: plan.All) -> str:
        return self._joined(node.operands, " and ", "True")

    def _Any(self, node: plan.Any) -> str:
        return self._joined(node.operands, " or ", "False")

    def _joined(self, operands: Iterable[plan.Expression], word: str, empty: str) -> str:
        parts = [self.condition(operand) for operand in operands]
        return "(" + word.join(parts) + ")" if parts else empty

    def _Not(self, node: plan.Not) -> str:
        return f"(not {self.condition(node.operand)})"

    def _Compare(self, node: plan.Compare) -> str:
        return self.compare(node.left, node.comparison, node.right)

    def compare(self, left: plan.Operand, comparison: plan.Comparison, right: plan.Operand) -> str:
        families = {family_of(left.kind), family_of(right.kind)}
        operator = _OPERATORS[comparison]
        if families in ({"number"}, {"moment"}):
            [reader] = families
            return f"({self.read(left, reader)} {operator} {self.read(right, reader)})"
        if families <= {"day", "moment"}:
            return f"({self.day(left)} {operator} {self.day(right)})"
        write = {"money": self._compare_money, "text": self._compare_text, "flag": self._compare_flags}
        [family] = families if len(families) == 1 else [""]
        if family not in write or (family == "flag" and comparison not in ("is", "is not")):
            return "True" if comparison == "is not" else "False"
        if comparison == "is not":
            return f"(not {write[family](left, '==', right)})"
        return write[family](left, operator, right)

    def _compare_text(self, left: plan.Operand, operator: str, right: plan.Operand) -> str:
        if operator == "==" and isinstance(right, plan.Constant) and type(right.value) is str:
            return f"({self.raw(left)} == {self.bind(right.value)})"
        one, other = self.read(left, "text"), self.read(right, "text")
        return f"({one} is not None and {other} is not None and {one} {operator} {other})"

    def _compare_flags(self, left: plan.Operand, operator: str, right: plan.Operand) -> str:
        if isinstance(right, plan.Constant) and type(right.value) is bool:
            return f"({self.raw(left)} is {self.bind(right.value)})"
        one, other = self.raw(left), self.raw(right)
        return f"(({one} is True and {other} is True) or ({one} is False and {other} is False))"

    def _compare_money(self, left: plan.Operand, operator: str, right: plan.Operand) -> str:
        one, other = self._amount_beside(left, right), self._amount_beside(right, left)
        if isinstance(right, plan.Constant):
            currency, amount = read_constant(right) or (None, values.NAN)
            value = f"in_currency({one}, {self.bind(currency)})"
            if not isinstance(left, HISTORY):
                value = self.once(("in", one, currency), value)
            return f"({value} {operator} {self.bind(amount)})"
        known = f"{one} is not None and {other} is not None"
        return f"({known} and {one}[0] == {other}[0] and {one}[1] {operator} {other}[1])"

    def _amount_beside(self, operand: plan.Operand, other: plan.Operand) -> str:
        """A tally that names no currency takes that of the other side; two of them that of the workspace."""
        if not isinstance(operand, plan.Tally) or operand.currency is not None:
            return self.amount(operand)
        if isinstance(other, plan.Tally):
            return self.tally(operand, self.bind(other.currency or self.currency))
        return self.tally(operand, f"currency_of({self.amount(other)})")

    def _Between(self, node: plan.Between) -> str:
        low = self.compare(node.value, ">=", node.low)
        return f"({low} and {self.compare(node.value, '<=', node.high)})"

    def _OneOf(self, node: plan.OneOf) -> str:
        family = family_of(node.value.kind)
        if family in ("text", "number", "money") and all(family_of(each.kind) == family for each in node.options):
            known = (read_constant(option) for option in node.options)
            group = self.bind(frozenset(each for each in known if each is not None and each == each))
            value = self.amount(node.value) if family == "money" else self.read(node.value, family)
            return f"({value} in {group})"
        parts = [self.compare(node.value, "is", option) for option in node.options]
        return "(" + " or ".join(parts) + ")" if parts else "False"

    def _Contains(self, node: plan.Contains) -> str:
        if not node.value.kind.startswith("list of "):
            return self._compare_lowered(node.value, node.part, "{part} in {whole}")
        found = self.once(("elements", self.raw(node.value)), f"elements({self.raw(node.value)})")
        family = family_of(node.value.kind.removeprefix("list of "))
        if family == "text" or not family:
            part = self.read(node.part, "text")
            return f"({part} is not None and {part} in {found})"
        if family == "money":
            return f"has_amount({found}, {self.amount(node.part)}, {self.bind(self.currency)})"
        if family == "flag":
            return f"any(each is {self.raw(node.part)} for each in {found} if each is True or each is False)"
        part = self.day(node.part) if family == "day" else self.read(node.part, family)
        return f"any({family}(each) == {part} for each in {found})"

    def _StartsWith(self, node: plan.StartsWith) -> str:
        return self._compare_lowered(node.value, node.part, "{whole}.startswith({part})")

    def _compare_lowered(self, value: plan.Operand, part: plan.Operand, test: str) -> str:
        whole, piece = self.read(value, "lowered"), self.read(part, "lowered")
        return f"({whole} is not None and {piece} is not None and {test.format(whole=whole, part=piece)})"

    def _IsKnown(self, node: plan.IsKnown) -> str:
        family = family_of(node.value.kind)
        if family in ("number", "day", "moment"):
            value = self.read(node.value, family)
            return f"({value} == {value})"
        if family in ("money", "text"):
            value = self.amount(node.value) if family == "money" else self.read(node.value, "text")
            return f"({value} is not None)"
        raw = self.raw(node.value)
        if family == "flag":
            return f"({raw} is True or {raw} is False)"
        return f"(type({raw}) is {'list' if node.value.kind.startswith('list of ') else 'dict'})"

    def _Happened(self, node: plan.Happened) -> str:
        if node.within is None:
            return f"x.happened({self.bind(node.event)})"
        return f"x.happened_within({self.bind(node.event)}, {self.bind(node.within)}, {self.bind(self.zone)})"

    def _InLast(self, node: plan.InLast) -> str:
        family, window = family_of(node.value.kind), f"{self.bind(node.within)}, {self.bind(self.zone)}"
        if family == "moment":
            return f"x.moment_in_last({self.read(node.value, 'moment')}, {window})"
        if family != "day":
            return "False"
        repeats = isinstance(node.value, plan.Attribute) and node.value.repeats
        return f"x.{'anniversary' if repeats else 'day'}_in_last({self.read(node.value, 'day')}, {window})"

    def _Arrived(self, node: plan.Arrived) -> str:
        return "x.arrived"

    def _InSegment(self, node: plan.InSegment) -> str:
        return f"x.in_segment({self.bind(node.segment)}, c)"

    def _Issued(self, node: plan.Issued) -> str:
        return "x.issued"


def tallying(node: plan.Tally, currency: str | None, *, zone: ZoneInfo | None) -> Tallying:
    writer = Writer(currency, zone=zone, outside="o")
    where: Where | None = None
    if node.where is not None:
        result = writer.condition(node.where)
        where = cast(Where, build(writer, "e, c, x, o", [f"return {result}"]))
    return Tallying(
        key=shape(node, zone),
        function=node.function,
        event=node.event,
        path=tuple(node.property.split(".")) if node.property else (),
        is_money=family_of(node.kind) == "money",
        currency=node.currency,
        workspace_currency=currency,
        where=where,
        reads_outside=writer.reads_outside,
        within=node.within,
        zone=zone,
    )


def shape(node: plan.Expression | plan.Tally, zone: ZoneInfo | None) -> str:
    """Equal for conditions that mean the same."""
    return f"{node!r} {zone.key if zone else ''}"


def test_of(node: plan.Expression, currency: str | None, *, zone: ZoneInfo | None) -> Test:
    writer = Writer(currency, zone=zone)
    result = writer.condition(node)
    return cast(Test, build(writer, "e, c, x", [f"return {result}"]))


def build(writer: Writer, parameters: str, body: list[str]) -> Callable[..., Any]:
    constants = ", ".join(f"k{index}" for index in range(len(writer.constants)))
    lines = "\n  ".join(writer.lines + body)
    source = f"def make({constants}):\n def compiled({parameters}):\n  {lines}\n return compiled"
    made: dict[str, Any] = {}
    exec(_code(source), _GLOBALS, made)
    return cast("Callable[..., Any]", made["make"](*writer.constants))


@lru_cache(maxsize=4096)
def _code(source: str) -> CodeType:
    return compile(source, "<rules>", "exec")


def currency_of(amount: values.Amount | None) -> str | None:
    return amount[0] if amount is not None else None


def _has_amount(found: list[object], part: values.Amount | None, currency: str | None) -> bool:
    return part is not None and any(values.money(each, {}, currency) == part for each in found)


_GLOBALS: dict[str, Any] = {
    "__builtins__": {"type": type, "list": list, "dict": dict, "any": any},
    "has_amount": _has_amount,
    "currency_of": currency_of,
    **{
        reader.__name__: reader
        for reader in (
            values.number, values.text, values.lowered, values.elements, values.dig, values.money, values.in_currency,
            values.day, values.moment,
        )
    },
}  # fmt: skip
