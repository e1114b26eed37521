"""Items: what stands at the left margin of a file."""

from __future__ import annotations

from typing import TypeAlias

from dsl.records import record
from dsl.source import Source
from dsl.syntax.base import Name, Node, Text
from dsl.syntax.clauses import Clause
from dsl.syntax.conditions import Condition
from dsl.syntax.steps import Step
from dsl.syntax.triggers import Trigger
from dsl.syntax.values import Duration, Value


@record(kw_only=True)
class Rule(Node):
    name: Text | None
    trigger: Trigger
    delay: Duration | None  # `after 1h`
    clauses: tuple[Clause, ...]
    steps: tuple[Step, ...]


@record(kw_only=True)
class Use(Node):
    path: Text


@record(kw_only=True)
class Let(Node):
    name: Name
    value: Value | tuple[Value, ...]


@record(kw_only=True)
class Define(Node):
    name: Name
    condition: Condition


@record(kw_only=True)
class Segment(Node):
    name: Name
    condition: Condition


Item: TypeAlias = Rule | Use | Let | Define | Segment


@record(kw_only=True)
class RuleFile:
    source: Source
    items: tuple[Item, ...]
