"""Every node under a node of the syntax tree, in the order of the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import TypeAlias

from dsl.syntax import Node

Tree: TypeAlias = "Node | tuple[Tree, ...] | object"


_children: dict[type[Node], tuple[str, ...]] = {}


def _fields(cls: type[Node]) -> tuple[str, ...]:
    names = _children[cls] = tuple(field.name for field in fields(cls) if field.name != "span")
    return names


def walk(tree: Tree) -> Iterator[Node]:
    """`tree` itself and all that it holds. Words and numbers are not nodes."""
    if isinstance(tree, Node):
        yield tree
        cls = type(tree)
        for name in _children.get(cls) or _fields(cls):
            child = getattr(tree, name)
            if isinstance(child, Node | tuple):
                yield from walk(child)
    elif isinstance(tree, tuple):
        for child in tree:
            yield from walk(child)
