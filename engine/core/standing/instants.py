"""When time alone could next change the truth of a condition: an event leaves its window, a date comes.

To look too early is harmless, too late is not: where the exact moment is not worth its price, an earlier one is given.
A condition becomes one function, once, when a rule set is loaded: it is asked after every event that a segment reads.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from math import ceil, floor
from typing import Any, TypeAlias, TypeGuard

from dsl import plan
from dsl.plan import Length
from engine.core import calendar, values
from engine.core.conditions.history import up_to
from engine.core.conditions.scope import Scope
from engine.core.model import Past
from engine.core.standing.reads import reads_of
from engine.core.values import Values

#: (the moment of a customer, the customer's attributes, the properties of a past event that is being asked about, an
#: instant) -> the first instant after that moment. None: time alone changes nothing before the other; what is later may
#: be told or not.
Turn: TypeAlias = Callable[[Scope, Values, Values, datetime], datetime | None]
_Instants: TypeAlias = Callable[[Scope, Values, Values], Iterator[datetime]]


def turn_of(condition: plan.Expression, segments: Mapping[str, plan.Segment]) -> Turn | None:
    """None: it has no such instant, whoever the customer is."""
    return _earliest(_Turns(segments, frozenset()).of(condition))


def _earliest(turns: Iterable[Turn]) -> Turn | None:
    known = tuple(turns)
    if len(known) < 2:
        return known[0] if known else None

    def earliest(scope: Scope, attributes: Values, event: Values, before: datetime) -> datetime | None:
        first = None
        for turn in known:
            at = turn(scope, attributes, event, before)
            if at is not None and at < before:
                first = before = at
        return first

    return earliest


class _Turns:
    def __init__(self, segments: Mapping[str, plan.Segment], within: frozenset[str]) -> None:
        self._segments = segments
        self._within = within  # segments that are being looked into: a circle has no end

    def of(self, node: plan.Expression) -> Iterator[Turn]:
        if isinstance(node, plan.All | plan.Any):
            for operand in node.operands:
                yield from self.of(operand)
        elif isinstance(node, plan.Not):
            yield from self.of(node.operand)
        elif isinstance(node, plan.InSegment):
            if node.segment in self._segments and node.segment not in self._within:
                inner = _Turns(self._segments, self._within | {node.segment})
                yield from inner.of(self._segments[node.segment].condition)
        elif isinstance(node, plan.Happened):
            if node.within is not None:
                yield _of_newest(node.event, node.within)
        elif isinstance(node, plan.InLast):
            yield _first_of(_in_last(node))
        elif _is_bare_count(node):
            yield _of_count(node)
        else:
            yield from self._of_values(node)

    def _of_values(self, node: plan.Expression) -> Iterator[Turn]:
        """Of a comparison of any sort, by the values that it compares."""
        operands = [getattr(node, name, None) for name in ("left", "right", "value", "low", "high", "part")]
        operands += getattr(node, "options", ())
        for operand in operands:
            if isinstance(operand, plan.Tally):
                yield from self._of_tally(operand)
            elif isinstance(operand, plan.DaysSince):
                yield _first_of(_days_since(operand, [each for each in operands if each not in (None, operand)]))

    def _of_tally(self, node: plan.Tally) -> Iterator[Turn]:
        if node.within is not None:
            yield _of_oldest(node.event, node.within)
        if node.where is not None and reads_of(node.where, self._segments).follows_time:
            where = _earliest(self.of(node.where))
            if where is not None:
                yield _of_each(node, where)


def _of_newest(event: str, length: Length) -> Turn:
    least = calendar.at_least(length)

    def turn(scope: Scope, attributes: Values, _: Values, before: datetime) -> datetime | None:
        at = scope.seen.get(event)
        if at is None or (at <= scope.now and before - at <= least):
            return None
        return _leaves(scope, at, length)

    return turn


def _of_oldest(event: str, length: Length) -> Turn:
    """The oldest event in the window is the next to leave it."""

    least = calendar.at_least(length)

    def turn(scope: Scope, attributes: Values, _: Values, before: datetime) -> datetime | None:
        events = scope.history.get(event)
        if not events or _all_stay(events, scope, least, before):
            return None
        place = up_to(events, scope.clock.ago(length))
        return _leaves(scope, events[place].at, length) if place < len(events) else None

    return turn


def _of_each(node: plan.Tally, where: Turn) -> Turn:
    def turn(scope: Scope, attributes: Values, _: Values, before: datetime) -> datetime | None:
        events = scope.history.get(node.event, ())
        if node.within is not None:
            events = events[up_to(events, scope.clock.ago(node.within)) :]
        found = [at for each in events if (at := where(scope, attributes, each.properties, before)) is not None]
        return min(found, default=None)

    return turn


def _of_count(node: plan.Compare) -> Turn:
    """`count of X in last D >= 3` turns when so many have left that it does, not with each that leaves."""
    tally, limit = node.left, node.right
    assert isinstance(tally, plan.Tally) and tally.within is not None and isinstance(limit, plan.Constant)
    number = values.number(limit.value)
    event, length, compared = tally.event, tally.within, _COMPARISONS[node.comparison]
    least = calendar.at_least(length)

    def turn(scope: Scope, attributes: Values, _: Values, before: datetime) -> datetime | None:
        events = scope.history.get(event)
        if not events or _all_stay(events, scope, least, before):
            return None
        first, last = up_to(events, scope.clock.ago(length)), up_to(events, scope.now)
        coming = [events[last].at] if last < len(events) else []
        holds = compared(last - first, number)
        for gone in range(1, last - first + 1):
            if compared(last - first - gone, number) != holds:
                coming.append(events[first + gone - 1].at)
                break
        return min((turn for at in coming if (turn := _leaves(scope, at, length)) is not None), default=None)

    return turn


def _all_stay(events: Sequence[Past], scope: Scope, least: timedelta, before: datetime) -> bool:
    """None of them comes or leaves its window before then: told of most customers without a look at a calendar."""
    return before - events[0].at <= least and events[-1].at <= scope.now


def _leaves(scope: Scope, at: datetime, length: Length) -> datetime | None:
    """When `at` comes, or leaves the window that it is in."""
    if at > scope.now:
        return at if at < calendar.FAR else None
    if scope.clock.ago(length) >= at:
        return None
    left = scope.clock.leaves(at, length)
    return left if left is not None and scope.now < left < calendar.FAR else None


def _first_of(instants: _Instants) -> Turn:
    def turn(scope: Scope, attributes: Values, event: Values, before: datetime) -> datetime | None:
        found = (at for at in instants(scope, attributes, event) if scope.now < at < calendar.FAR)
        return min(found, default=None)

    return turn


def _days_since(node: plan.DaysSince, others: list[Any]) -> _Instants:
    numbers = [values.number(each.value) for each in others if isinstance(each, plan.Constant)]
    is_fixed = len(numbers) == len(others) and all(number == number for number in numbers)
    ahead = sorted({days for number in numbers for days in _turning_days(number)}) if is_fixed else []

    def instants(scope: Scope, attributes: Values, _: Values) -> Iterator[datetime]:
        last = scope.seen.get(node.event)
        if last is None:
            return
        if not is_fixed:
            yield _midnight(_today(scope) + timedelta(days=1), scope)
        day = last.astimezone(scope.zone).date()
        for days in ahead:
            yield _midnight(day + timedelta(days=days), scope)

    return instants


def _turning_days(number: values.Number) -> Iterator[int]:
    yield from (days for days in (ceil(number), floor(number) + 1) if 0 <= days < 100_000)


def _in_last(node: plan.InLast) -> _Instants:
    operand, length = node.value, node.within
    if not isinstance(operand, plan.Attribute | plan.Property):
        return lambda scope, attributes, event: iter([_midnight(_today(scope) + timedelta(days=1), scope)])
    path = tuple(operand.name.split("."))

    def instants(scope: Scope, attributes: Values, event: Values) -> Iterator[datetime]:
        raw = values.dig(attributes if isinstance(operand, plan.Attribute) else event, path)
        for at in _moments(raw, operand, scope):
            if (turn := _leaves(scope, at, length)) is not None:
                yield turn

    return instants


def _moments(raw: object, operand: plan.Attribute | plan.Property, scope: Scope) -> Iterator[datetime]:
    if operand.kind == "moment":
        micros = values.moment(raw)
        if micros == micros:
            yield values.EPOCH + timedelta(microseconds=micros)
        return
    number = values.day(raw)
    if number == number:
        yield from (_midnight(day, scope) for day in _days(date.fromordinal(int(number)), operand, scope))


def _days(day: date, operand: plan.Attribute | plan.Property, scope: Scope) -> Iterator[date]:
    if not (isinstance(operand, plan.Attribute) and operand.repeats):
        yield day
        return
    year = _today(scope).year
    for each in range(max(1, year - 11), min(9998, year + 1) + 1):  # a window is at most ten years long
        yield calendar.yearly(day, each, leap_day=scope.leap_day)


def _today(scope: Scope) -> date:
    return scope.now.astimezone(scope.zone).date()


def _midnight(day: date, scope: Scope) -> datetime:
    return calendar.resolve(datetime.combine(day, time(0)), scope.zone)


_COMPARISONS: Mapping[plan.Comparison, Callable[[Any, Any], bool]] = {
    "is": operator.eq, "is not": operator.ne, ">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le,
}  # fmt: skip


def _is_bare_count(node: plan.Expression) -> TypeGuard[plan.Compare]:
    if not (isinstance(node, plan.Compare) and isinstance(node.left, plan.Tally)):
        return False
    tally, is_fixed = node.left, isinstance(node.right, plan.Constant)
    return is_fixed and tally.function == "count" and tally.where is None and tally.within is not None
