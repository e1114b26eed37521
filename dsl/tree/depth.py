"""How deeply conditions and blocks are nested: everything that walks the syntax tree recurses as deep."""

from __future__ import annotations

from dsl.diagnostics import Label
from dsl.keywords import ENGLISH, RUSSIAN
from dsl.messages import say
from dsl.parse_tree import Part, Tree
from dsl.source import Span
from dsl.tree.builder import Builder

DEEPEST = 50

_NESTING = frozenset(("not", "brackets", "branch", "split", "aggregate_where"))
_BEGINS = ("NOT", "IF", "SPLIT", "WHERE")
_MAY_NEST = ("(", *(form for name in _BEGINS for form in (*ENGLISH[name], *RUSSIAN[name])))


def is_too_deep(builder: Builder, item: Part) -> bool:
    """Reports an item that is nested too deeply to go on with."""
    span = builder.span(item)
    # Counting words is much cheaper than walking the tree, and is enough for all but a handful of rules.
    written = builder.problems.source.slice(span).lower()
    if sum(map(written.count, _MAY_NEST)) <= DEEPEST:
        return False
    if _depth(item) <= DEEPEST:
        return False
    label = Label(
        Span(span.start, span.start + 1),
        say("more than {DEEPEST} conditions or blocks inside each other", DEEPEST=DEEPEST),
    )
    builder.problems.error("E134", say("this is nested too deeply"), label)
    return True


def _depth(item: Part) -> int:
    deepest = 0
    waiting: list[tuple[Tree, int]] = [(item, 0)] if isinstance(item, Tree) else []
    while waiting:
        tree, depth = waiting.pop()
        depth += tree.data in _NESTING
        deepest = max(deepest, depth)
        waiting += [(child, depth) for child in tree.children if isinstance(child, Tree)]
    return deepest
