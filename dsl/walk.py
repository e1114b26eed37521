"""Every node under a node of the syntax tree, in the order of the text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import TypeAlias, TypeVar

from dsl.syntax import Node

T = TypeVar("T", bound=Node)

#: Nodes by their class, each list in the order of the text.
Index: TypeAlias = dict[type[Node], list[Node]]

#: Annotations of fields that hold no nodes.
PLAIN = ("str", "int", "bool", "Decimal", "date", "time", "Unit", "OneWord", "Span")

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
    found: Index = {}
    for node in walk(tuple(trees)):
        found.setdefault(type(node), []).append(node)
    return found


def of_type(nodes: Index, cls: type[T]) -> list[T]:
    return nodes.get(cls, [])  # type: ignore[return-value]


def _fields(cls: type[Node]) -> tuple[str, ...]:
    """Those that may hold nodes, last first."""
    names = [field.name for field in fields(cls) if not str(field.type).startswith(PLAIN)]
    _children[cls] = tuple(reversed(names))
    return _children[cls]
