"""What is surely known where a condition holds: a missing value makes every comparison false (S16)."""

from __future__ import annotations

from dsl import syntax
from dsl.scope import Scope

NOTHING: frozenset[str] = frozenset()
PROMO = "promo"  # the whole of it


def known_paths(condition: syntax.Condition, scope: Scope) -> frozenset[str]:
    """Dotted paths, such as `customer.first_name`."""
    match condition:
        case syntax.And(operands=operands):
            return NOTHING.union(*(known_paths(operand, scope) for operand in operands))
        case syntax.Or(operands=operands):
            every = [known_paths(operand, scope) for operand in operands]
            return every[0].intersection(*every[1:])
        case syntax.Not(operand=syntax.IsKnown(value=value, known=False)):
            return _path(value)
        case syntax.Comparison(comparison=comparison):
            return NOTHING if comparison == "is not" else _path(condition.left) | _path(condition.right)
        case syntax.IsKnown(known=known):
            return _path(condition.value) if known else NOTHING
        case syntax.OneOf(negated=negated):
            return NOTHING if negated else _path(condition.value)
        case syntax.IsFlag() | syntax.Between() | syntax.Contains() | syntax.StartsWith():
            return _path(condition.value)
        case syntax.Issued():
            return frozenset({PROMO})
        case syntax.InLast(path=path):
            return _path(path)
        case syntax.Truth(value=syntax.Path() as path):
            return _of_definition(path, scope)
    return NOTHING


def _path(value: syntax.Value) -> frozenset[str]:
    return frozenset({str(value)}) if isinstance(value, syntax.Path) else NOTHING


def _of_definition(path: syntax.Path, scope: Scope) -> frozenset[str]:
    definition = scope.names.seen.get(str(path))
    if definition is None or scope.names.is_circular(definition) or not isinstance(definition.node, syntax.Define):
        return NOTHING
    return known_paths(definition.node.condition, scope.inside(definition))
