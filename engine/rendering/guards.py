"""What a test of a template says about its variables: which are certainly there when it held, or did not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from jinja2 import nodes

Path: TypeAlias = tuple[str, ...]
PathOf: TypeAlias = Callable[[nodes.Node], "Path | None"]
_NONE: frozenset[Path] = frozenset()


def known_when_true(test: nodes.Node, path_of: PathOf) -> frozenset[Path]:
    path = path_of(test)
    if path is not None:
        return frozenset([path])
    if isinstance(test, nodes.And):
        return known_when_true(test.left, path_of) | known_when_true(test.right, path_of)
    if isinstance(test, nodes.Or):
        return known_when_true(test.left, path_of) & known_when_true(test.right, path_of)
    if isinstance(test, nodes.Not):
        return known_when_false(test.node, path_of)
    if isinstance(test, nodes.Compare):
        # A comparison with a missing value is false, except one that asks for a difference.
        if any(operand.op in ("ne", "notin") for operand in test.ops):
            return _NONE
        sides = [test.expr, *(operand.expr for operand in test.ops)]
        return frozenset().union(*(_inside(side, path_of) for side in sides))
    if isinstance(test, nodes.Test):
        return _NONE if test.name in ("undefined", "none", "ne") else _inside(test.node, path_of)
    return _inside(test, path_of)


def known_when_false(test: nodes.Node, path_of: PathOf) -> frozenset[Path]:
    if isinstance(test, nodes.Not):
        return known_when_true(test.node, path_of)
    if isinstance(test, nodes.Or):
        return known_when_false(test.left, path_of) | known_when_false(test.right, path_of)
    if isinstance(test, nodes.And):
        return known_when_false(test.left, path_of) & known_when_false(test.right, path_of)
    if isinstance(test, nodes.Test) and test.name in ("undefined", "none"):
        return _inside(test.node, path_of)
    return _NONE


def _inside(node: nodes.Node, path_of: PathOf) -> frozenset[Path]:
    """The variable itself, or the one that a filter such as `length` looks at."""
    path = path_of(node)
    if path is not None:
        return frozenset([path])
    if isinstance(node, nodes.Filter) and node.node is not None and node.name not in ("default", "d"):
        return _inside(node.node, path_of)
    return _NONE
