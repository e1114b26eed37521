"""How much a definition is with all that it mentions: what uses it is compiled with all of that in its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from dsl import syntax

if TYPE_CHECKING:
    from dsl.resolve import Definition

DEEPEST = 50  # definitions inside each other, as with brackets
MOST_CHARACTERS = 10_000  # of a condition with all its definitions written out
_ENOUGH = 10**9  # nobody needs to know by how much it is too large


class Size(NamedTuple):
    characters: int
    depth: int

    @property
    def is_too_large(self) -> bool:
        return self.characters > MOST_CHARACTERS or self.depth > DEEPEST


def sizes_of(definitions: Iterable[Definition], mentioned: Mapping[int, Sequence[Definition]]) -> dict[int, Size]:
    """By the id() of each definition's node, as `mentioned` is: the definitions that its body names.

    Without recursion, since a chain of definitions may be as long as a file. A circle is cut where it closes.
    """
    known: dict[int, Size] = {}
    begun: set[int] = set()
    waiting = list(definitions)
    while waiting:
        each = waiting[-1]
        key = id(each.node)
        ahead = [] if key in known else [part for part in mentioned[key] if id(part.node) not in known]
        if ahead and key not in begun:
            begun.add(key)
            waiting += [part for part in ahead if id(part.node) not in begun]
            continue
        if key not in known:
            known[key] = _with_parts(each, [known[id(part.node)] for part in mentioned[key] if id(part.node) in known])
        waiting.pop()
    return known


def _with_parts(definition: Definition, parts: Sequence[Size]) -> Size:
    body = definition.node.value if isinstance(definition.node, syntax.Let) else definition.node.condition
    written = 0 if isinstance(body, tuple) else body.span.end - body.span.start
    characters = written + sum(part.characters for part in parts)
    return Size(min(characters, _ENOUGH), 1 + max((part.depth for part in parts), default=0))
