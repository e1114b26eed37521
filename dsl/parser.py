"""Text to syntax tree. Never raises: what cannot be read becomes diagnostics, the rest becomes items."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from dsl import syntax
from dsl.chunks import rule_chunks, test_chunks
from dsl.diagnostics import Diagnostic, Edit, Fix, Label
from dsl.messages import say
from dsl.parse_tree import Start, Tree, from_lark
from dsl.problems import Problems
from dsl.quick_parse import quick_parse
from dsl.source import Source, Span
from dsl.tree import TOKENS, TREES, Builder
from dsl.tree.depth import is_too_deep

#: Items of a file whose mistakes are explained. To explain one takes longer than to read a hundred, and nobody reads
#: more: such a file is a letter, a table or a program.
MOST_EXPLAINED = 200


def parse_file(source: Source) -> tuple[syntax.RuleFile, list[Diagnostic]]:
    """The items of a rule file that could be read, and every mistake found, in the order of the text."""
    items, found = _parse(source, "file", rule_chunks(source.text))
    return syntax.RuleFile(source=source, items=tuple(items)), found


def parse_tests(source: Source) -> tuple[syntax.TestFile, list[Diagnostic]]:
    """The cases of a test file that could be read, and every mistake found, in the order of the text."""
    cases, found = _parse(source, "testfile", test_chunks(source.text))
    return syntax.TestFile(source=source, cases=tuple(cases)), found


def _parse(source: Source, start: Start, chunks: list[Span]) -> tuple[list[Any], list[Diagnostic]]:
    problems = Problems(source)
    items: list[Any] = []
    broken: list[Span] = []
    with _no_garbage_collection():
        for chunk in chunks:
            items.extend(parse_chunk(problems, start, chunk, broken))
    if len(broken) > MOST_EXPLAINED:
        _report_many(problems, broken[MOST_EXPLAINED])
    return items, sorted(problems.found, key=lambda diagnostic: diagnostic.span.start)


def parse_chunk(problems: Problems, start: Start, chunk: Span, broken: list[Span]) -> list[Any]:
    """The items of one chunk. One that does not parse is added to `broken`, and explained while they are few."""
    text = problems.source.slice(chunk)
    offset = chunk.start
    tree = quick_parse(text, start) or _slow_parse(text, start)
    if tree is None:
        broken.append(chunk)
        return _recover(problems, start, chunk) if len(broken) <= MOST_EXPLAINED else []

    def place(position: int) -> int:
        return position + offset

    return _build(problems, start, tree, start_of=place, end_of=place)


def _slow_parse(text: str, start: Start) -> Tree | None:
    """Lark's word is the last one. It is loaded here, as whoever makes no mistakes need not wait for it."""
    from lark.exceptions import UnexpectedInput

    from dsl import grammar

    try:
        return from_lark(grammar.parser().parse(text, start=start))
    except UnexpectedInput:
        return None


def _recover(problems: Problems, start: Start, chunk: Span) -> list[Any]:
    from dsl.recovery import recover

    return [
        item
        for usable in recover(problems, start, chunk)
        for item in _build(problems, start, usable.tree, start_of=usable.start_of, end_of=usable.end_of)
    ]


def _report_many(problems: Problems, chunk: Span) -> None:
    begin = Span(chunk.start, chunk.start + len(problems.source.slice(chunk).split(maxsplit=1)[0]))
    label = Label(begin, say("mend those above, then check again"))
    problems.error("E101", say("there are too many mistakes in this file to explain them all"), label)


def _build(
    problems: Problems, start: Start, tree: Tree, *, start_of: Callable[[int], int], end_of: Callable[[int], int]
) -> list[Any]:
    builder = Builder(
        problems=problems,
        start_of=start_of,
        end_of=end_of,
        trees=TREES,
        tokens=TOKENS,
        in_tests=start == "testfile",
    )
    _report_items_on_one_line(builder, tree)
    return [builder.node(item) for item in tree.children if not is_too_deep(builder, item)]


def _report_items_on_one_line(builder: Builder, tree: Tree) -> None:
    spans = [builder.span(item) for item in tree.children]
    source = builder.problems.source
    for above, item in pairwise(spans):
        gap = Span(above.end, item.start)
        if "\n" not in source.slice(gap):
            word = Span(item.start, item.start + len(source.text[item.start : item.end].split(maxsplit=1)[0]))
            fix = Fix(say("begin it on a new line"), (Edit(gap, "\n"),), "safe")
            label = Label(word, say("this begins the second one"))
            builder.problems.error("E117", say("two rules on one line"), label, fixes=[fix])


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Trees hold no cycles, and a full collection for every few thousand tokens makes long files twice as slow."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
