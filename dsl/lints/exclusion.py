"""Whether nobody can meet the conditions of two rules: by the extremes of each, as there may be thousands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from dsl.lints.parts import Part

#: A value, and whether it is left out itself: of the same unit, so that they can be compared.
_Bound = tuple[Any, bool]


@dataclass(slots=True)
class _Held:
    """What one rule wants of one path in one unit, as far as it can contradict another's."""

    exact: set[Any] = field(default_factory=set)
    refused: set[Any] = field(default_factory=set)
    lists: set[frozenset[str]] = field(default_factory=set)
    above: _Bound | None = None  # the highest of its lower bounds
    below: _Bound | None = None  # the lowest of its upper ones; True: it may be reached

    def add(self, part: Part) -> None:
        value: Any = part.value
        if part.unit == "texts":
            self.lists.add(value)
            return
        if part.comparison == "is not":
            self.refused.add(value)
        if part.comparison == "is":
            self.exact.add(value)
        if part.comparison in ("is", ">", ">="):
            bound = (value, part.comparison == ">")
            self.above = bound if self.above is None else max(self.above, bound)
        if part.comparison in ("is", "<", "<="):
            bound = (value, part.comparison != "<")
            self.below = bound if self.below is None else min(self.below, bound)


def exclude_each_other(first: Sequence[Part], second: Sequence[Part]) -> bool:
    """Whether a condition of the one and a condition of the other are never true of the same customer."""
    shared = {part.path for part in first} & {part.path for part in second}
    one, other = (_held(part for part in parts if part.path in shared) for parts in (first, second))
    return any(_exclude(one[place], other[place]) for place in one.keys() & other.keys())


def _held(parts: Iterable[Part]) -> dict[tuple[str, str], _Held]:
    """By path and unit. A list is compared with lists and with texts."""
    held: dict[tuple[str, str], _Held] = {}
    for part in parts:
        unit = "text" if part.unit == "texts" else part.unit
        held.setdefault((part.path, unit), _Held()).add(part)
    return held


def _exclude(one: _Held, other: _Held) -> bool:
    if one.exact and other.exact and len(one.exact | other.exact) > 1:
        return True
    if one.exact & other.refused or other.exact & one.refused:
        return True
    return _out_of_reach(one, other) or _out_of_reach(other, one) or _share_no_text(one, other)


def _out_of_reach(high: _Held, low: _Held) -> bool:
    """`high` wants more than `low` allows."""
    if high.above is None or low.below is None:
        return False
    (least, beyond), (most, reached) = high.above, low.below
    return bool(most < least or (most == least and (beyond or not reached)))


def _share_no_text(one: _Held, other: _Held) -> bool:
    if any(lists and not texts <= frozenset.intersection(*lists) for lists, texts in _lists_and_texts(one, other)):
        return True
    if not one.lists or not other.lists:
        return False
    in_all = frozenset.intersection(*other.lists)
    # What is in all of the other's lists spares comparing with each of them.
    return any(not each & other_list for each in one.lists if not each & in_all for other_list in other.lists)


def _lists_and_texts(one: _Held, other: _Held) -> tuple[tuple[set[frozenset[str]], set[Any]], ...]:
    return (one.lists, other.exact), (other.lists, one.exact)
