"""When time alone could next change the truth of a condition: an event leaves its window, a date comes.

To look too early is harmless, too late is not: where the exact moment is not worth its price, an earlier one is given.
"""

from __future__ import annotations

import operator
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from math import ceil, floor
from typing import Any

from dsl import plan
from dsl.plan import Length
from engine.core import calendar, values
from engine.core.scope import Scope
from engine.core.standing.leaving import leaves_at
from engine.core.standing.reads import reads_of
from engine.core.standing.windows import stays_in


class Instants:
    """For one customer at one moment. All that is yielded lies after it."""

    def __init__(self, scope: Scope, attributes: Mapping[str, Any], segments: Mapping[str, plan.Segment]) -> None:
        self._scope = scope
        self._attributes = attributes
        self._segments = segments

    def next(self, condition: plan.Expression) -> datetime | None:
        found = [at for at in self._of(condition, {}) if self._scope.now < at < calendar.FAR]
        return min(found, default=None)

    def _of(self, node: Any, event: Mapping[str, Any]) -> Iterator[datetime]:
        if isinstance(node, plan.All | plan.Any):
            for operand in node.operands:
                yield from self._of(operand, event)
        elif isinstance(node, plan.Not):
            yield from self._of(node.operand, event)
        elif isinstance(node, plan.InSegment):
            if node.segment in self._segments:
                yield from self._of(self._segments[node.segment].condition, event)
        elif isinstance(node, plan.Happened):
            if node.within is not None and (at := self._scope.seen.get(node.event)) is not None:
                yield from self._window(at, node.within)
        elif isinstance(node, plan.InLast):
            yield from self._in_last(node, event)
        else:
            yield from self._of_values(node, event)

    def _of_values(self, node: Any, event: Mapping[str, Any]) -> Iterator[datetime]:
        """Of a comparison of any sort, by the values that it compares."""
        if _is_bare_count(node):
            yield from self._count(node)
            return
        operands = [getattr(node, name, None) for name in ("left", "right", "value", "low", "high", "part")]
        operands += getattr(node, "options", ())
        for operand in operands:
            if isinstance(operand, plan.Tally):
                yield from self._tally(operand)
            elif isinstance(operand, plan.DaysSince):
                yield from self._days_since(operand, [each for each in operands if each not in (None, operand)])

    def _count(self, node: plan.Compare) -> Iterator[datetime]:
        """`count of X in last D >= 3` turns when so many have left that it does, not with each that leaves."""
        tally, number = node.left, values.number(node.right.value)  # type: ignore[union-attr]
        assert isinstance(tally, plan.Tally) and tally.within is not None
        after, compared = self._scope.ago(tally.within, None), _COMPARISONS[node.comparison]
        events = [each.at for each in self._scope.history.get(tally.event, ()) if each.at > after]
        yield from (at for at in events if at > self._scope.now)
        inside = [at for at in events if at <= self._scope.now]
        for gone in range(1, len(inside) + 1):
            if compared(len(inside) - gone, number) != compared(len(inside), number):
                yield from self._window(inside[gone - 1], tally.within)
                return

    def _tally(self, node: plan.Tally) -> Iterator[datetime]:
        """The oldest event in the window is the next to leave it."""
        events = self._scope.history.get(node.event, ())
        if node.within is not None:
            after = self._scope.ago(node.within, None)
            events = [each for each in events if each.at > after]
            if events:
                yield from self._window(events[0].at, node.within)
        if node.where is not None and reads_of(node.where, self._segments).follows_time:
            for each in events:
                yield from self._of(node.where, each.properties)

    def _days_since(self, node: plan.DaysSince, others: list[Any]) -> Iterator[datetime]:
        last = self._scope.seen.get(node.event)
        if last is None:
            return
        day = last.astimezone(self._scope.zone).date()
        numbers = [values.number(each.value) for each in others if isinstance(each, plan.Constant)]
        if len(numbers) < len(others) or any(number != number for number in numbers):
            yield self._midnight(self._today() + timedelta(days=1))
            return
        for number in numbers:
            for days in (ceil(number), floor(number) + 1):
                if 0 <= days < 100_000:
                    yield self._midnight(day + timedelta(days=days))

    def _in_last(self, node: plan.InLast, event: Mapping[str, Any]) -> Iterator[datetime]:
        operand = node.value
        if not isinstance(operand, plan.Attribute | plan.Property):
            yield self._midnight(self._today() + timedelta(days=1))
            return
        raw = values.dig(self._attributes if isinstance(operand, plan.Attribute) else event, _path(operand))
        if operand.kind == "moment":
            micros = values.moment(raw)
            if micros == micros:
                yield from self._window(values.EPOCH + timedelta(microseconds=micros), node.within)
            return
        number = values.day(raw)
        if number != number:
            return
        for day in self._days(date.fromordinal(int(number)), operand):
            yield from self._window(self._midnight(day), node.within)

    def _days(self, day: date, operand: plan.Attribute | plan.Property) -> Iterator[date]:
        if not (isinstance(operand, plan.Attribute) and operand.repeats):
            yield day
            return
        year = self._today().year
        for each in range(max(1, year - 11), min(9998, year + 1) + 1):  # a window is at most ten years long
            yield calendar.yearly(day, each, leap_day=self._scope.leap_day)

    def _window(self, at: datetime, length: Length) -> Iterator[datetime]:
        if at > self._scope.now:
            yield at
        elif self._scope.ago(length, None) < at and (left := self._leaves(at, length)) is not None:
            yield left

    def _leaves(self, at: datetime, length: Length) -> datetime | None:
        """Most often the zone's clock tells how long everything of that time stays."""
        stays = stays_in(length, self._scope.zone, self._scope.now)
        place = bisect_right(stays.bounds, at) - 1
        known = stays.whiles[place] if place >= 0 else None
        return at + known if known is not None else leaves_at(at, length, self._scope.zone, now=self._scope.now)

    def _today(self) -> date:
        return self._scope.now.astimezone(self._scope.zone).date()

    def _midnight(self, day: date) -> datetime:
        return calendar.resolve(datetime.combine(day, time(0)), self._scope.zone)


_COMPARISONS: Mapping[plan.Comparison, Callable[[Any, Any], bool]] = {
    "is": operator.eq, "is not": operator.ne, ">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le,
}  # fmt: skip


def _is_bare_count(node: Any) -> bool:
    if not (isinstance(node, plan.Compare) and isinstance(node.left, plan.Tally)):
        return False
    tally, is_fixed = node.left, isinstance(node.right, plan.Constant)
    return is_fixed and tally.function == "count" and tally.where is None and tally.within is not None


def _path(operand: plan.Attribute | plan.Property) -> tuple[str, ...]:
    return tuple(operand.name.split("."))
