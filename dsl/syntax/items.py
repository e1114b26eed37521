"""Items: what stands at the left margin of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from dsl.source import Source
from dsl.syntax.base import Name, Node, Text
from dsl.syntax.clauses import Clause
from dsl.syntax.conditions import Condition
from dsl.syntax.steps import Step
from dsl.syntax.triggers import Trigger
from dsl.syntax.values import Duration, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Node):
    name: Text | None
    trigger: Trigger
    delay: Duration | None  # `after 1h`
    clauses: tuple[Clause, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Use(Node):
    path: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Let(Node):
    name: Name
    value: Value | tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Define(Node):
    name: Name
    condition: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment(Node):
    name: Name
    condition: Condition


Item: TypeAlias = Rule | Use | Let | Define | Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    source: Source
    items: tuple[Item, ...]
