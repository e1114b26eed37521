"""The conditions that all hold for whoever gets something from a rule, small enough to be compared with another's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from dsl import syntax
from dsl.measures import measure_of

Written: TypeAlias = "str | Decimal | bool | frozenset[str]"


@dataclass(frozen=True, slots=True)
class Part:
    """`unit` keeps apart what cannot be compared: "number", a currency, "text", "texts", "date", "flag", "known"."""

    path: str
    comparison: str
    unit: str
    value: Written


def parts_of(rule: syntax.Rule) -> Iterator[Part]:
    if isinstance(rule.trigger, syntax.EventTrigger) and rule.trigger.events.where:
        yield from _parts(rule.trigger.events.where, holds=True)
    for clause in rule.clauses:
        if isinstance(clause, syntax.OnlyIf):
            yield from _parts(clause.condition, holds=True)
        elif isinstance(clause, syntax.Unless):
            yield from _parts(clause.condition, holds=False)


def _parts(condition: syntax.Condition, *, holds: bool) -> Iterator[Part]:
    match condition:
        case syntax.And(operands=operands) if holds:
            for operand in operands:
                yield from _parts(operand, holds=True)
        case syntax.Or(operands=operands) if not holds:
            for operand in operands:
                yield from _parts(operand, holds=False)
        case syntax.Not(operand=operand):
            yield from _parts(operand, holds=not holds)
        case _:
            part = _compared(condition) if holds else None
            part = part or _asked(condition, holds=holds)
            if part:
                yield part


def _compared(condition: syntax.Condition) -> Part | None:
    """What says something only where it holds: a missing value makes it and its opposite false."""
    match condition:
        case syntax.Comparison(left=syntax.Path() as path, comparison=comparison, right=right):
            measure = measure_of(right)
            return Part(str(path), comparison, *measure) if measure else None
        case syntax.IsFlag(value=syntax.Path() as path, yes=yes):
            return Part(str(path), "is", "flag", yes)
        case syntax.OneOf(value=syntax.Path() as path, group=tuple() as group, negated=False):
            texts = frozenset(each.text for each in group if isinstance(each, syntax.Text))
            return Part(str(path), "is", "texts", texts) if len(texts) == len(group) else None
    return None


def _asked(condition: syntax.Condition, *, holds: bool) -> Part | None:
    """What is either so or not so."""
    match condition:
        case syntax.IsKnown(value=syntax.Path() as path, known=known):
            return Part(str(path), "is", "known", known is holds)
        case syntax.OneOf(value=syntax.Path() as path, group=syntax.Name() as name, negated=negated):
            return Part(f"{path} in {name.text}", "is", "set", negated is not holds)
        case syntax.Truth(value=syntax.Path() as path):
            return Part(str(path), "is", "set", holds)
        case syntax.InLast(path=path, within=within):
            return Part(f"{path} in last {within.amount} {within.unit}", "is", "set", holds)
        case syntax.Contains(value=syntax.Path() as path, part=syntax.Text(text=text)):
            return Part(f"{path} contains {text}", "is", "set", holds)
    return None
