"""Conditions over one customer at one moment, by the definitions of the language."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from dsl import plan
from tests.engine.core.reference.clocks import ago, anniversary
from tests.engine.core.reference.reading import dig, read

#: What happened: its own time and its properties.
Happened = tuple[datetime, dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Reference:
    """`past`: by event name, in the order of arrival. `zone` is the customer's, `rule_zone` the rule's own."""

    event: dict[str, Any]
    attributes: dict[str, Any]
    past: Mapping[str, list[Happened]]
    now: datetime
    began: datetime
    zone: ZoneInfo
    rule_zone: ZoneInfo | None = None
    currency: str = "RUB"
    leap_day: str = "28 february"
    segments: Mapping[str, plan.Expression] = field(default_factory=dict)
    outside: dict[str, Any] | None = None  # in the brackets of a count: the event outside

    # values

    def raw(self, operand: plan.Operand) -> Any:
        match operand:
            case plan.Constant():
                return operand.value
            case plan.Property():
                return dig(self.outside if operand.outside else self.event, operand.name)
            case plan.Attribute():
                return dig(self.attributes, operand.name)
            case plan.LastValue():
                return dig(self.last(operand.event), operand.property)
        raise AssertionError(operand)

    def last(self, event: str) -> dict[str, Any]:
        newest: Happened | None = None
        for happened in self.past.get(event, []):
            if newest is None or happened[0] >= newest[0]:
                newest = happened
        return newest[1] if newest is not None else {}

    def value(self, operand: plan.Operand, other: plan.Operand | None = None) -> Any:
        """`other` is what it is compared with: a sum of money that names no currency takes that one's."""
        if isinstance(operand, plan.Tally):
            return self.tally(operand, self.currency_for(operand, other))
        if isinstance(operand, plan.DaysSince):
            times = [at for at, _ in self.past.get(operand.event, [])]
            return Fraction((self.day(self.now) - self.day(max(times))).days) if times else None
        beside = None
        if isinstance(operand, plan.Property):
            beside = (self.outside or {}).get("currency") if operand.outside else self.event.get("currency")
        elif isinstance(operand, plan.LastValue):
            beside = self.last(operand.event).get("currency")
        return read(operand.kind, self.raw(operand), beside, self.currency)

    def currency_for(self, tally: plan.Tally, other: plan.Operand | None) -> str | None:
        if tally.currency is not None or tally.kind != "money":
            return tally.currency
        if other is None:
            return self.currency
        if isinstance(other, plan.Tally):
            return other.currency or self.currency
        amount = self.value(other)
        return amount[0] if isinstance(amount, tuple) else None

    def tally(self, tally: plan.Tally, currency: str | None) -> Any:
        counted = [properties for at, properties in self.past.get(tally.event, []) if self.is_within(at, tally.within)]
        if tally.where is not None:
            where = tally.where
            outside = self.event if self.outside is None else self.outside
            counted = [each for each in counted if replace(self, event=each, outside=outside).holds(where)]
        if tally.function == "count":
            return Fraction(len(counted))
        assert tally.property is not None
        if tally.kind == "money":
            if currency is None:
                return None
            amounts = [
                read("money", dig(each, tally.property), each.get("currency"), self.currency) for each in counted
            ]
            fitting = [amount[1] for amount in amounts if amount is not None and amount[0] == currency]
            if tally.function == "sum":
                return currency, sum(fitting, Fraction(0))
            return (currency, sum(fitting, Fraction(0)) / len(fitting)) if fitting else None
        raws = [dig(each, tally.property) for each in counted]
        numbers = [Fraction(Decimal(repr(raw))) for raw in raws if read("number", raw, None, "") is not None]
        if tally.function == "sum":
            return as_written(sum(numbers, Fraction(0)))
        return as_written(sum(numbers, Fraction(0)) / len(numbers)) if numbers else None

    # time

    @property
    def here(self) -> ZoneInfo:
        return self.rule_zone or self.zone

    def day(self, at: Any) -> date:
        return at.astimezone(self.here).date() if isinstance(at, datetime) else at

    def is_within(self, at: datetime, within: plan.Length | None) -> bool:
        return at <= self.now and (within is None or at > ago(self.now, within, self.here))

    def newest(self, event: str) -> datetime | None:
        return max((at for at, _ in self.past.get(event, [])), default=None)

    # conditions

    def holds(self, node: plan.Expression) -> bool:
        match node:
            case plan.All(operands):
                return all(self.holds(each) for each in operands)
            case plan.Any(operands):
                return any(self.holds(each) for each in operands)
            case plan.Not(operand):
                return not self.holds(operand)
            case plan.Compare(left, comparison, right):
                return self.compare(left, comparison, right)
            case plan.Between(value, low, high):
                return self.compare(value, ">=", low) and self.compare(value, "<=", high)
            case plan.OneOf(value, options):
                return any(self.compare(value, "is", option) for option in options)
            case plan.Contains(value, part):
                return self.contains(value, part)
            case plan.IsKnown(value):
                if value.kind.startswith("list of "):
                    return isinstance(self.raw(value), list)
                return self.value(value) is not None
        return self.holds_of_time_or_text(node)

    def holds_of_time_or_text(self, node: plan.Expression) -> bool:
        match node:
            case plan.StartsWith(value, part):
                ours, theirs = self.value(value), self.value(part)
                return both_text(ours, theirs) and ours.casefold().startswith(theirs.casefold())
            case plan.Happened(event, within):
                at = self.newest(event)
                return at is not None and at > (self.began if within is None else ago(self.now, within, self.here))
            case plan.InLast(value, within):
                return self.in_last(value, within)
            case plan.InSegment(segment):
                everybody = replace(self, event={}, rule_zone=None, outside=None)
                return segment in self.segments and everybody.holds(self.segments[segment])
        raise AssertionError(node)

    def compare(self, left: plan.Operand, comparison: str, right: plan.Operand) -> bool:
        ours, theirs = self.value(left, right), self.value(right, left)
        known = ours is not None and theirs is not None
        kinds = {left.kind, right.kind}
        if known and kinds == {"date", "moment"}:
            ours, theirs = self.day(ours), self.day(theirs)
        elif known and kinds == {"money"}:
            known = ours[0] == theirs[0]
        elif len(kinds) > 1:
            known = False
        if comparison == "is not":
            return not (known and ours == theirs)
        tests = {"is": operator.eq, ">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le}
        if kinds == {"flag"} and comparison != "is":
            return False
        return known and tests[comparison](ours, theirs)

    def contains(self, value: plan.Operand, part: plan.Operand) -> bool:
        wanted = self.value(part)
        if not value.kind.startswith("list of "):
            ours = self.value(value)
            return both_text(ours, wanted) and wanted.casefold() in ours.casefold()
        raw, kind = self.raw(value), value.kind.removeprefix("list of ")
        if wanted is None or not isinstance(raw, list):
            return False
        return any(read(kind, each, None, self.currency) == wanted for each in raw)

    def in_last(self, value: plan.Operand, within: plan.Length) -> bool:
        ours, since = self.value(value), ago(self.now, within, self.here)
        if ours is None:
            return False
        if value.kind == "moment":
            return since < ours <= self.now
        today = self.day(self.now)
        if isinstance(value, plan.Attribute) and value.repeats:
            days = [anniversary(ours, today.year - back, self.leap_day) for back in (0, 1)]
            return any(self.day(since) < day <= today for day in days if day <= today and day == newest(days, today))
        return self.day(since) < ours <= today


def newest(days: list[date], today: date) -> date | None:
    return max((day for day in days if day <= today), default=None)


def both_text(one: Any, other: Any) -> bool:
    return isinstance(one, str) and isinstance(other, str)


def as_written(total: Fraction) -> Fraction:
    """Numbers in rules are floats unless whole, so a sum is compared as the nearest one."""
    try:
        return total if total.denominator == 1 else Fraction(float(total))
    except OverflowError:
        return total


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]
