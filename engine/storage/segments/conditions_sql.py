"""Conditions of segments as SQL over one row for each customer, for those that PostgreSQL can tell as the interpreter
does (docs/decisions/0018). The text holds words of these modules; all that a marketer wrote is a parameter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from math import ceil, floor
from typing import Any

from dsl import plan
from engine.core.conditions.expressions import family_of, read_constant
from engine.core.values import MICRO
from engine.storage.segments.past_sql import Last, Past, Pasts, Untranslatable
from engine.storage.segments.values_sql import DAY, Values, plain_number

_OPERATORS = {"is": "=", "is not": "<>", ">": ">", "<": "<", ">=": ">=", "<=": "<="}


class Conditions:
    """Of one kind of row: a customer's, or a past event's inside a tally, which has no past of its own."""

    def __init__(
        self,
        customer: Values,
        *,
        event: Values | None = None,
        pasts: Pasts | None = None,
        segments: Mapping[str, plan.Segment] | None = None,
    ) -> None:
        self._customer = customer
        self._event = event
        self._pasts = pasts
        self._segments = segments or {}
        self._within: list[str] = []  # segments that are being written

    def holds(self, node: plan.Expression) -> str:
        """True or false, never null: what is unknown fulfils nothing (S16)."""
        write: Callable[[Any], str] | None = getattr(self, "_" + type(node).__name__, None)
        if write is None:
            raise Untranslatable(type(node).__name__)
        return write(node)

    def _All(self, node: plan.All) -> str:
        return self._joined(node.operands, " AND ", "true")

    def _Any(self, node: plan.Any) -> str:
        return self._joined(node.operands, " OR ", "false")

    def _joined(self, operands: Iterable[plan.Expression], word: str, empty: str) -> str:
        parts = [self.holds(operand) for operand in operands]
        return f"({word.join(parts)})" if parts else empty

    def _Not(self, node: plan.Not) -> str:
        return f"(NOT {self.holds(node.operand)})"

    def _InSegment(self, node: plan.InSegment) -> str:
        if node.segment not in self._segments:
            return "false"
        if node.segment in self._within:
            raise Untranslatable("a circle of segments")
        self._within.append(node.segment)
        written = self.holds(self._segments[node.segment].condition)
        self._within.pop()
        return written

    def _Happened(self, node: plan.Happened) -> str:
        if node.within is None:
            raise Untranslatable("since the run began")
        past = self._past(node.event)
        return f"({past.newest(node.within)} IS NOT NULL)"

    def _Between(self, node: plan.Between) -> str:
        return f"({self._compare(node.value, '>=', node.low)} AND {self._compare(node.value, '<=', node.high)})"

    def _OneOf(self, node: plan.OneOf) -> str:
        parts = [self._compare(node.value, "is", option) for option in node.options]
        return f"({' OR '.join(parts)})" if parts else "false"

    def _Compare(self, node: plan.Compare) -> str:
        return self._compare(node.left, node.comparison, node.right)

    def _compare(self, left: plan.Operand, comparison: plan.Comparison, right: plan.Operand) -> str:
        if not isinstance(right, plan.Constant) or isinstance(left, plan.Constant):
            raise Untranslatable("two values that are not fixed")
        family = family_of(left.kind)
        if family != family_of(right.kind):
            raise Untranslatable("two kinds")
        write = {
            "number": self._compare_number,
            "money": self._compare_money,
            "text": self._compare_text,
            "flag": self._compare_flag,
            "day": self._compare_day,
        }.get(family)
        if write is None:
            raise Untranslatable(left.kind)
        # What is unknown is not anything.
        return f"coalesce({write(left, comparison, right)}, {'true' if comparison == 'is not' else 'false'})"

    def _compare_number(self, left: plan.Operand, comparison: plan.Comparison, right: plan.Constant) -> str:
        number = plain_number(right.value)
        if number is None:
            raise Untranslatable("a number of many digits")
        constant, operator = self._constant(number, "numeric"), _OPERATORS[comparison]
        if isinstance(left, plan.Tally):
            where = self._where(left)
            return self._past(left.event).compared(left, where, operator, constant, currency=None)
        if isinstance(left, plan.DaysSince):
            return f"{self._last(left.event).days_since(number)} {operator} {constant}"
        values, path = self._place(left)
        return f"{values.number(path)} {operator} {constant}"

    def _compare_money(self, left: plan.Operand, comparison: plan.Comparison, right: plan.Constant) -> str:
        read = read_constant(right)
        if read is None or not isinstance(read[1], int):
            raise Untranslatable("an amount of many digits")
        amount = plain_number(read[1] / MICRO)
        if amount is None or amount * MICRO != read[1]:
            raise Untranslatable("an amount of many digits")
        constant, operator = self._constant(amount, "numeric"), _OPERATORS[comparison]
        if isinstance(left, plan.Tally):
            if left.currency not in (None, read[0]):
                return "NULL::boolean"
            where, currency = self._where(left), self._constant(read[0], "text")
            return self._past(left.event).compared(left, where, operator, constant, currency=currency)
        values, path = self._place(left)
        beside = None if isinstance(left, plan.Attribute) else ("currency",)
        value, currency = values.money(path, beside)
        return f"(CASE WHEN {currency} = {self._constant(read[0], 'text')} THEN {value} {operator} {constant} END)"

    def _compare_text(self, left: plan.Operand, comparison: plan.Comparison, right: plan.Constant) -> str:
        if type(right.value) is not str:
            raise Untranslatable("nonsense")
        values, path = self._place(left)
        if comparison in ("is", "is not"):
            return f"{values.raw(path)} {_OPERATORS[comparison]} {self._constant(right.value, 'jsonb')}"
        # The order of code points, whatever the database sorts by.
        constant = self._constant(right.value, "text")
        return f'{values.text(path)} COLLATE "C" {_OPERATORS[comparison]} {constant}'

    def _compare_flag(self, left: plan.Operand, comparison: plan.Comparison, right: plan.Constant) -> str:
        if type(right.value) is not bool or comparison not in ("is", "is not"):
            raise Untranslatable("nonsense")
        values, path = self._place(left)
        return f"{values.raw(path)} {_OPERATORS[comparison]} {self._constant(right.value, 'jsonb')}"

    def _compare_day(self, left: plan.Operand, comparison: plan.Comparison, right: plan.Constant) -> str:
        if left.kind != "date" or right.kind != "date" or not _is_day(right.value):
            raise Untranslatable("a moment")
        values, path = self._place(left)
        constant = self._constant(right.value, "text")
        return f'{values.day(path)} COLLATE "C" {_OPERATORS[comparison]} {constant}'

    def _Contains(self, node: plan.Contains) -> str:
        if node.value.kind == "list of text" and isinstance(node.part, plan.Constant) and type(node.part.value) is str:
            values, path = self._place(node.value)
            raw = values.raw(path)
            part = self._constant([node.part.value], "jsonb")
            return f"coalesce(jsonb_typeof({raw}) = 'array' AND {raw} @> {part}, false)"
        whole, piece = self._lowered(node)
        return f"coalesce(strpos({whole}, {piece}) > 0, false)"

    def _StartsWith(self, node: plan.StartsWith) -> str:
        whole, piece = self._lowered(node)
        return f"coalesce(starts_with({whole}, {piece}), false)"

    def _lowered(self, node: plan.Contains | plan.StartsWith) -> tuple[str, str]:
        if node.value.kind != "text" or not isinstance(node.part, plan.Constant) or type(node.part.value) is not str:
            raise Untranslatable("a part that is not fixed")
        values, path = self._place(node.value)
        return values.lowered(path), self._constant(node.part.value.casefold(), "text")

    def _IsKnown(self, node: plan.IsKnown) -> str:
        values, path = self._place(node.value)
        kind = node.value.kind
        if kind.startswith("list of "):
            return f"coalesce(jsonb_typeof({values.raw(path)}) = 'array', false)"
        word = {"text": "string", "number": "number", "flag": "boolean"}.get(family_of(kind))
        if word is None:
            raise Untranslatable(kind)
        if word == "number":
            return f"({values.number(path)} IS NOT NULL)"
        return f"coalesce(jsonb_typeof({values.raw(path)}) = '{word}', false)"

    # what is compared

    def _place(self, operand: plan.Operand) -> tuple[Values, tuple[str, ...]]:
        """Where a value is read."""
        if isinstance(operand, plan.Attribute):
            return self._customer, tuple(operand.name.split("."))
        if isinstance(operand, plan.Property) and self._event is not None and not operand.outside:
            return self._event, tuple(operand.name.split("."))
        if isinstance(operand, plan.LastValue):
            return self._last(operand.event).values, tuple(operand.property.split("."))
        raise Untranslatable(type(operand).__name__)

    def _past(self, event: str) -> Past:
        if self._pasts is None:
            raise Untranslatable("a tally in a tally")
        return self._pasts.of(event)

    def _last(self, event: str) -> Last:
        if self._pasts is None:
            raise Untranslatable("a past in a tally")
        return self._pasts.last(event)

    def _where(self, tally: plan.Tally) -> str:
        if tally.where is None:
            return "true"
        return Conditions(self._customer, event=self._past(tally.event).values).holds(tally.where)

    def _constant(self, value: object, kind: str) -> str:
        return self._customer.parameters.constant(value, kind)

    # when time alone could change it

    def instants(self, node: Any) -> list[str]:
        """As `engine.core.standing.instants` has them; null or past ones are none."""
        if isinstance(node, plan.All | plan.Any):
            return [each for operand in node.operands for each in self.instants(operand)]
        if isinstance(node, plan.Not):
            return self.instants(node.operand)
        if isinstance(node, plan.InSegment):
            found = self._segments.get(node.segment)
            return self.instants(found.condition) if found is not None else []
        if isinstance(node, plan.Happened):
            past = self._past(node.event)
            return [past.leaves(past.newest(node.within), node.within)] if node.within is not None else []
        return self._of_values(node)

    def _of_values(self, node: Any) -> list[str]:
        left = getattr(node, "left", None) or getattr(node, "value", None)
        if isinstance(left, plan.DaysSince):
            others = [getattr(node, name, None) for name in ("right", "low", "high")] + [*getattr(node, "options", ())]
            numbers = [plain_number(each.value) for each in others if isinstance(each, plan.Constant)]
            last = self._last(left.event)
            turns = {days for number in numbers if number is not None for days in (ceil(number), floor(number) + 1)}
            return [last.days_after(days) for days in sorted(turns) if days >= 0]
        if not isinstance(left, plan.Tally) or left.within is None:
            return []
        past = self._past(left.event)
        if isinstance(node, plan.Compare) and left.function == "count" and left.where is None:
            turning = self._turning(node, past, left.within)
            return [past.leaves(turning, left.within)] if turning is not None else []
        return [past.leaves(past.oldest(left.within), left.within)]

    def _turning(self, node: plan.Compare, past: Past, within: plan.Length) -> str | None:
        """The event with which so many have left the window that a bare count turns."""
        assert isinstance(node.right, plan.Constant)
        number = plain_number(node.right.value)
        assert number is not None
        count, times = past.count(within), past.times(within)
        if node.comparison in ("is", "is not"):
            if number < 0 or number != int(number):
                return None
            asked = int(number)
            more = f"WHEN {count} > {asked} THEN {times}[{count} - {asked}]"
            return f"CASE WHEN {count} = {asked} THEN {times}[1] {more} END"
        least = ceil(number) if node.comparison in (">=", "<") else floor(number) + 1
        return f"CASE WHEN {count} >= {least} THEN {times}[{count} - {least} + 1] END" if least >= 1 else None


def _is_day(value: object) -> bool:
    return isinstance(value, str) and re.match(DAY, value) is not None
