"""Every node under a node of the syntax tree, in the order of the text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any, TypeAlias, TypeVar

from dsl import syntax
from dsl.syntax import Node

T = TypeVar("T", bound=Node)

#: Nodes by their class, each list in the order of the text.
Index: TypeAlias = dict[type[Node], list[Any]]

#: Annotations of fields that hold no nodes.
PLAIN = ("str", "int", "bool", "Decimal", "date", "time", "Unit", "OneWord", "Span")

LEAVES: frozenset[type] = frozenset(
    {syntax.Name, syntax.Text, syntax.Number, syntax.Percent, syntax.Money}
    | {syntax.Flag, syntax.Date, syntax.ClockTime, syntax.Duration, syntax.Path}
)

_children: dict[type[Node], tuple[str, ...]] = {}


def walk(tree: object) -> list[Node]:
    """`tree` itself, a node or a tuple of nodes, and all that it holds. Words and numbers are not nodes."""
    found: list[Node] = []
    waiting = [tree]
    while waiting:
        each = waiting.pop()
        if isinstance(each, tuple):
            waiting.extend(reversed(each))
        elif isinstance(each, Node):
            found.append(each)
            cls = type(each)
            names = _children.get(cls)
            for name in _fields(cls) if names is None else names:
                child = getattr(each, name)
                if child is not None:
                    waiting.append(child)
    return found


def index(trees: Iterable[object]) -> Index:
    """Without the leaves: nobody asks for all names of a rule, and they are most of its nodes."""
    found: Index = {}
    waiting: list[Any] = list(trees)[::-1]
    while waiting:
        each = waiting.pop()
        cls = type(each)
        if cls is tuple:
            waiting.extend(reversed(each))
        elif cls not in LEAVES and isinstance(each, Node):
            found.setdefault(cls, []).append(each)
            names = _children.get(cls)
            for name in _fields(type(each)) if names is None else names:
                child = getattr(each, name)
                if child is not None:
                    waiting.append(child)
    return found


def of_type(nodes: Index, cls: type[T]) -> list[T]:
    return nodes.get(cls, [])


def _fields(cls: type[Node]) -> tuple[str, ...]:
    """Those that may hold nodes, last first."""
    names = [field.name for field in fields(cls) if not str(field.type).startswith(PLAIN)]
    _children[cls] = tuple(reversed(names))
    return _children[cls]
